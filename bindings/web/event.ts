import {
  ObjectCreate,
  ObjectDefineProperty,
  ObjectGetOwnPropertyDescriptor,
  TypeErrorConstructor,
  DateNow,
} from '../primordials.ts';
import { dialect } from '../settings.ts';
import { defineConstants, defineInterface, illegalInvocation, requireArguments } from './define.ts';

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

const NO_MEMBERS = ObjectCreate(null) as object;

/** The dictionary argument of an event constructor: WebIDL lets undefined and null stand for an empty one. */
export function eventInit<Init extends object>(init: unknown, name: string): Partial<Init> {
  if (init === undefined || init === null) {
    return NO_MEMBERS;
  }
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeErrorConstructor(`${name} constructor: the second argument is not an object.`);
  }
  return init as Partial<Init>;
}

let timeOrigin = 0;
/** The time of the events that came with this turn; 0 where none has asked for it yet. */
let turnTime = 0;

/** The time that `timeStamp` counts from: when the script started. */
export function setTimeOrigin(): void {
  timeOrigin = DateNow();
}

/** A turn begins: what the host tells in it happened before it, and has one time. The clock costs more than an event. */
export function beginEventTurn(): void {
  turnTime = 0;
}

/** Later than the start even in its first millisecond, as in browsers, whose clocks are finer. */
function now(): number {
  const time = DateNow() - timeOrigin;
  return time > 0 ? time : 0.1;
}

/**
 * What EventTarget may do to an event and a script may not. Set once, by the class itself. What it tells, it tells whatever
 * a script or a subclass has made of the attributes.
 */
export interface EventInternals {
  isEvent(value: unknown): value is Event;
  dispatching(event: Event): boolean;
  begin(event: Event, target: object): void;
  end(event: Event): void;
  setPassive(event: Event, passive: boolean): void;
  type(event: Event): string;
  stopped(event: Event): boolean;
  immediateStopped(event: Event): boolean;
  cancel(event: Event): void;
  canceled(event: Event): boolean;
  setTrusted(event: Event, trusted: boolean): void;
}
export let internals: EventInternals;

/** DOM, 2.2: an event's flags and its boolean attributes, as bits of one number. */
const BUBBLES = 1;
const CANCELABLE = 2;
const COMPOSED = 4;
const TRUSTED = 8;
const DISPATCH = 16;
const CANCELED = 32;
const IN_PASSIVE_LISTENER = 64;
const STOP_PROPAGATION = 128;
const STOP_IMMEDIATE_PROPAGATION = 256;

/** Stands for the dictionary of a message's event, of which there are many; no script can hold it. */
export const MESSAGE_FROM_HOST: object = ObjectCreate(null) as object;

/** The attribute that is [LegacyUnforgeable]: an accessor of each event, the same for all. */
let isTrusted: PropertyDescriptor;

/** DOM Standard, section 2.2. There is no tree here, so an event is at its target or nowhere. */
export class Event {
  #type: string;
  #flags = 0;
  #target: object | null = null;
  readonly #timeStamp: number;
  declare readonly isTrusted: boolean;

  constructor(type: unknown, init: unknown = undefined) {
    if (init === MESSAGE_FROM_HOST) {
      this.#type = type as string;
      this.#flags = TRUSTED;
      this.#timeStamp = turnTime === 0 ? (turnTime = now()) : turnTime;
      if (dialect() === 'web') {
        ObjectDefineProperty(this, 'isTrusted', isTrusted);
      }
    } else {
      requireArguments(arguments.length, 1, "Failed to construct 'Event'");
      this.#type = `${type as string}`;
      const { bubbles, cancelable, composed } = eventInit<EventInit>(init, 'Event');
      this.#flags = (bubbles ? BUBBLES : 0) | (cancelable ? CANCELABLE : 0) | (composed ? COMPOSED : 0);
      this.#timeStamp = now();
      ObjectDefineProperty(this, 'isTrusted', isTrusted);
    }
  }

  static {
    const has = (event: Event, flag: number): boolean => (event.#flags & flag) !== 0;
    internals = {
      isEvent: (value): value is Event => typeof value === 'object' && value !== null && #flags in value,
      dispatching: (event) => has(event, DISPATCH),
      begin(event, target) {
        event.#flags |= DISPATCH;
        event.#target = target;
      },
      // DOM, "dispatch", last steps: unset the dispatch and stop flags.
      end(event) {
        event.#flags &= ~(DISPATCH | STOP_PROPAGATION | STOP_IMMEDIATE_PROPAGATION);
      },
      setPassive(event, passive) {
        event.#flags = passive ? event.#flags | IN_PASSIVE_LISTENER : event.#flags & ~IN_PASSIVE_LISTENER;
      },
      type: (event) => event.#type,
      stopped: (event) => has(event, STOP_PROPAGATION),
      immediateStopped: (event) => has(event, STOP_IMMEDIATE_PROPAGATION),
      cancel: (event) => event.#cancel(),
      canceled: (event) => has(event, CANCELED),
      setTrusted(event, trusted) {
        event.#flags = trusted ? event.#flags | TRUSTED : event.#flags & ~TRUSTED;
      },
    };
    const holder = {
      get isTrusted(): boolean {
        return has(own(this), TRUSTED);
      },
    };
    const { get } = ObjectGetOwnPropertyDescriptor(holder, 'isTrusted') as { get(): boolean };
    // Without a prototype, which a script could have given members of a descriptor.
    isTrusted = { __proto__: null, get, enumerable: true, configurable: false } as PropertyDescriptor;
  }

  get type(): string {
    return own(this).#type;
  }

  get target(): object | null {
    return own(this).#target;
  }

  get srcElement(): object | null {
    return own(this).#target;
  }

  get currentTarget(): object | null {
    return internals.dispatching(own(this)) ? this.#target : null;
  }

  composedPath(): object[] {
    return internals.dispatching(own(this)) && this.#target !== null ? [this.#target] : [];
  }

  get eventPhase(): number {
    return internals.dispatching(own(this)) ? AT_TARGET : NONE;
  }

  stopPropagation(): void {
    own(this).#flags |= STOP_PROPAGATION;
  }

  get cancelBubble(): boolean {
    return internals.stopped(own(this));
  }

  set cancelBubble(value: unknown) {
    own(this);
    if (value) {
      this.#flags |= STOP_PROPAGATION;
    }
  }

  stopImmediatePropagation(): void {
    own(this).#flags |= STOP_PROPAGATION | STOP_IMMEDIATE_PROPAGATION;
  }

  get bubbles(): boolean {
    return (own(this).#flags & BUBBLES) !== 0;
  }

  get cancelable(): boolean {
    return (own(this).#flags & CANCELABLE) !== 0;
  }

  get returnValue(): boolean {
    return !internals.canceled(own(this));
  }

  set returnValue(value: unknown) {
    own(this);
    if (!value) {
      this.#cancel();
    }
  }

  preventDefault(): void {
    own(this).#cancel();
  }

  /** DOM, "set the canceled flag". */
  #cancel(): void {
    if ((this.#flags & (CANCELABLE | IN_PASSIVE_LISTENER)) === CANCELABLE) {
      this.#flags |= CANCELED;
    }
  }

  get defaultPrevented(): boolean {
    return internals.canceled(own(this));
  }

  get composed(): boolean {
    return (own(this).#flags & COMPOSED) !== 0;
  }

  get timeStamp(): number {
    return own(this).#timeStamp;
  }

  /** DOM, "initialize": nothing while the event is dispatched. */
  initEvent(type: unknown, bubbles: unknown = undefined, cancelable: unknown = undefined): void {
    own(this);
    requireArguments(arguments.length, 1, "Failed to execute 'initEvent' on 'Event'");
    const name = `${type as string}`;
    if (internals.dispatching(this)) {
      return;
    }
    this.#type = name;
    // The stop flags, the canceled flag and `isTrusted` are unset; `composed` is left as it is.
    this.#flags = (this.#flags & COMPOSED) | (bubbles ? BUBBLES : 0) | (cancelable ? CANCELABLE : 0);
    this.#target = null;
  }
}

const NONE = 0;
const AT_TARGET = 2;

/** `this` as a member sees it. Throws where it is no Event. */
function own(value: unknown): Event {
  if (!internals.isEvent(value)) {
    throw illegalInvocation('Event');
  }
  return value;
}

defineInterface(Event, 'Event', [
  'type',
  'target',
  'srcElement',
  'currentTarget',
  'composedPath',
  'eventPhase',
  'stopPropagation',
  'cancelBubble',
  'stopImmediatePropagation',
  'bubbles',
  'cancelable',
  'returnValue',
  'preventDefault',
  'defaultPrevented',
  'composed',
  'timeStamp',
  'initEvent',
]);
defineConstants(Event, { NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 });

/**
 * In the dialect `overte`, the events of messages inherit `isTrusted`: a property of its own for each, as Web IDL's
 * [LegacyUnforgeable] wants it, costs as much as all else that is done for a message. Called once, when the dialect is known.
 */
export function inheritIsTrusted(): void {
  ObjectDefineProperty(Event.prototype, 'isTrusted', isTrusted);
}

/** Marks an event as one that the host brought about. */
export function trusted<Kind extends Event>(event: Kind): Kind {
  internals.setTrusted(event, true);
  return event;
}
