import { DateNow, TypeErrorConstructor } from '../primordials.ts';
import { defineConstants, defineInterface, requireArguments } from './define.ts';

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

/** The dictionary argument of an event constructor: WebIDL lets undefined and null stand for an empty one. */
export function eventInit<Init extends object>(init: unknown, name: string): Partial<Init> {
  if (init === undefined || init === null) {
    return {};
  }
  if (typeof init !== 'object' && typeof init !== 'function') {
    throw new TypeErrorConstructor(`${name} constructor: the second argument is not an object.`);
  }
  return init as Partial<Init>;
}

let timeOrigin = 0;

/** The time that `timeStamp` counts from: when the script started. */
export function setTimeOrigin(): void {
  timeOrigin = DateNow();
}

/**
 * What EventTarget may do to an event and a script may not. Set once, by the class itself. What it tells, it tells whatever
 * a script or a subclass has made of the attributes.
 */
export interface EventInternals {
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

/** DOM Standard, section 2.2. There is no tree here, so an event is at its target or nowhere. */
export class Event {
  readonly #type: string;
  readonly #bubbles: boolean;
  readonly #cancelable: boolean;
  readonly #composed: boolean;
  readonly #timeStamp: number;
  #target: object | null = null;
  #dispatching = false;
  #trusted = false;
  #canceled = false;
  #passive = false;
  #stopped = false;
  #immediateStopped = false;

  constructor(type: unknown, init?: unknown) {
    requireArguments(arguments.length, 1, 'Event constructor');
    this.#type = `${type as string}`;
    if (init === undefined) {
      this.#bubbles = false;
      this.#cancelable = false;
      this.#composed = false;
    } else {
      const { bubbles, cancelable, composed } = eventInit<EventInit>(init, 'Event');
      this.#bubbles = !!bubbles;
      this.#cancelable = !!cancelable;
      this.#composed = !!composed;
    }
    this.#timeStamp = DateNow() - timeOrigin;
  }

  static {
    internals = {
      dispatching: (event) => event.#dispatching,
      begin(event, target) {
        event.#dispatching = true;
        event.#target = target;
      },
      // DOM, "dispatch", last steps: unset the dispatch and stop flags.
      end(event) {
        event.#dispatching = false;
        event.#stopped = false;
        event.#immediateStopped = false;
      },
      setPassive(event, passive) {
        event.#passive = passive;
      },
      type: (event) => event.#type,
      stopped: (event) => event.#stopped,
      immediateStopped: (event) => event.#immediateStopped,
      cancel: (event) => event.#cancel(),
      canceled: (event) => event.#canceled,
      setTrusted(event, trusted) {
        event.#trusted = trusted;
      },
    };
  }

  get type(): string {
    return this.#type;
  }

  get target(): object | null {
    return this.#target;
  }

  get srcElement(): object | null {
    return this.#target;
  }

  get currentTarget(): object | null {
    return this.#dispatching ? this.#target : null;
  }

  composedPath(): object[] {
    return this.#dispatching && this.#target !== null ? [this.#target] : [];
  }

  get eventPhase(): number {
    return this.#dispatching ? 2 : 0;
  }

  stopPropagation(): void {
    this.#stopped = true;
  }

  get cancelBubble(): boolean {
    return this.#stopped;
  }

  set cancelBubble(value: unknown) {
    if (value) {
      this.#stopped = true;
    }
  }

  stopImmediatePropagation(): void {
    this.#stopped = true;
    this.#immediateStopped = true;
  }

  get bubbles(): boolean {
    return this.#bubbles;
  }

  get cancelable(): boolean {
    return this.#cancelable;
  }

  get returnValue(): boolean {
    return !this.#canceled;
  }

  set returnValue(value: unknown) {
    if (!value) {
      this.#cancel();
    }
  }

  preventDefault(): void {
    this.#cancel();
  }

  /** DOM, "set the canceled flag". */
  #cancel(): void {
    if (this.#cancelable && !this.#passive) {
      this.#canceled = true;
    }
  }

  get defaultPrevented(): boolean {
    return this.#canceled;
  }

  get composed(): boolean {
    return this.#composed;
  }

  get isTrusted(): boolean {
    return this.#trusted;
  }

  get timeStamp(): number {
    return this.#timeStamp;
  }
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
  'isTrusted',
  'timeStamp',
]);
defineConstants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });

/** Marks an event as one that the host brought about. */
export function trusted<Kind extends Event>(event: Kind): Kind {
  internals.setTrusted(event, true);
  return event;
}
