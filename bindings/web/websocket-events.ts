import {
  ObjectFreeze,
  ReflectApply,
  StringPrototypeToWellFormed,
  TypeErrorConstructor,
} from '../primordials.ts';
import { defineInterface, illegalInvocation, requireArguments } from './define.ts';
import { iteratorMethod, sequence } from './webidl.ts';
import { Event, eventInit, MESSAGE_FROM_HOST, internals, trusted, type EventInit } from './event.ts';

const NO_PORTS = ObjectFreeze<never[]>([]);

export interface MessageEventInit extends EventInit {
  data?: unknown;
  lastEventId?: string;
  origin?: string;
  ports?: Iterable<never>;
  source?: null;
}

/** The event of a message that came in. It is made without a dictionary, whose members scripts can give defaults to. */
export let messageEvent: (data: unknown, origin: string, type?: string) => MessageEvent;

/** `this` as a member sees it. Throws where it is no MessageEvent. */
let ownMessage: (value: unknown) => MessageEvent;

/** HTML Standard, "The MessageEvent interface". There are no ports here: `source` is null and `ports` is empty. */
export class MessageEvent extends Event {
  #data: unknown = null;
  #origin = '';
  #lastEventId = '';

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, "Failed to construct 'MessageEvent'");
    super(type, init);
    if (init !== MESSAGE_FROM_HOST) {
      // WebIDL: the members in the order of their names, each converted before the next is read.
      const members = eventInit<MessageEventInit>(init, 'MessageEvent');
      const { data = null } = members;
      this.#data = data;
      this.#lastEventId = domString(members.lastEventId);
      this.#origin = StringPrototypeToWellFormed(domString(members.origin));
      requireNoPorts(members.ports, "Failed to construct 'MessageEvent'");
      requireNoSource(members.source, "Failed to construct 'MessageEvent'");
    }
  }

  static {
    messageEvent = (data, origin, type = 'message') => {
      const event = new MessageEvent(type, MESSAGE_FROM_HOST);
      event.#data = data;
      event.#origin = origin;
      return event;
    };
    ownMessage = (value) => {
      if (!(internals.isEvent(value) && #data in value)) {
        throw illegalInvocation('MessageEvent');
      }
      return value;
    };
  }

  get data(): unknown {
    return ownMessage(this).#data;
  }

  get origin(): string {
    return ownMessage(this).#origin;
  }

  get lastEventId(): string {
    return ownMessage(this).#lastEventId;
  }

  get source(): null {
    ownMessage(this);
    return null;
  }

  get ports(): readonly never[] {
    ownMessage(this);
    return NO_PORTS;
  }

  /** HTML: `initEvent`, and the attributes; nothing while the event is dispatched. */
  initMessageEvent(
    type: unknown,
    bubbles: unknown = undefined,
    cancelable: unknown = undefined,
    data: unknown = null,
    origin: unknown = undefined,
    lastEventId: unknown = undefined,
    source: unknown = undefined,
    ports: unknown = undefined,
  ): void {
    ownMessage(this);
    const operation = "Failed to execute 'initMessageEvent' on 'MessageEvent'";
    requireArguments(arguments.length, 1, operation);
    const name = domString(type, 'undefined');
    const givenOrigin = StringPrototypeToWellFormed(domString(origin));
    const givenId = domString(lastEventId);
    requireNoSource(source, operation);
    requireNoPorts(ports, operation);
    if (!internals.dispatching(this)) {
      ReflectApply(initEvent, this, [name, bubbles, cancelable]);
      this.#data = data;
      this.#origin = givenOrigin;
      this.#lastEventId = givenId;
    }
  }
}

const { initEvent } = Event.prototype;

defineInterface(MessageEvent, 'MessageEvent', [
  'data',
  'origin',
  'lastEventId',
  'source',
  'ports',
  'initMessageEvent',
]);

export interface CloseEventInit extends EventInit {
  code?: number;
  reason?: string;
  wasClean?: boolean;
}

/** The event of a connection that has closed. */
export let closeEvent: (code: number, reason: string, wasClean: boolean) => CloseEvent;

/** `this` as a member sees it. Throws where it is no CloseEvent. */
let ownClose: (value: unknown) => CloseEvent;

/** WebSockets Standard, section 6: "The CloseEvent interface". */
export class CloseEvent extends Event {
  #wasClean = false;
  #code = 0;
  #reason = '';

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, "Failed to construct 'CloseEvent'");
    super(type, init);
    const members = eventInit<CloseEventInit>(init, 'CloseEvent');
    const { code } = members;
    // WebIDL `unsigned short`: the number modulo 2^16.
    this.#code = code === undefined ? 0 : +code & 0xffff;
    this.#reason = StringPrototypeToWellFormed(domString(members.reason));
    this.#wasClean = !!members.wasClean;
  }

  static {
    closeEvent = (code, reason, wasClean) => {
      const event = trusted(new CloseEvent('close'));
      event.#code = code;
      event.#reason = reason;
      event.#wasClean = wasClean;
      return event;
    };
    ownClose = (value) => {
      if (!(internals.isEvent(value) && #code in value)) {
        throw illegalInvocation('CloseEvent');
      }
      return value;
    };
  }

  get wasClean(): boolean {
    return ownClose(this).#wasClean;
  }

  get code(): number {
    return ownClose(this).#code;
  }

  get reason(): string {
    return ownClose(this).#reason;
  }
}

defineInterface(CloseEvent, 'CloseEvent', ['wasClean', 'code', 'reason']);

/** WebIDL `DOMString`, with a default. */
function domString(value: unknown, fallback = ''): string {
  return value === undefined ? fallback : `${value as string}`;
}

/** WebIDL `MessageEventSource?`, of which there is none here. */
function requireNoSource(source: unknown, operation: string): void {
  if (source !== undefined && source !== null) {
    throw new TypeErrorConstructor(`${operation}: source must be null; there are no windows and no ports here.`);
  }
}

/** WebIDL `sequence<MessagePort>`: whatever is in it is no MessagePort. */
function requireNoPorts(ports: unknown, operation: string): void {
  if (ports === undefined) {
    return;
  }
  const iterate = iteratorMethod(ports, operation);
  if (iterate === undefined) {
    throw new TypeErrorConstructor(`${operation}: ports must be a sequence.`);
  }
  sequence(ports, iterate, operation, () => {
    throw new TypeErrorConstructor(`${operation}: ports must be empty; there are no message ports here.`);
  });
}
