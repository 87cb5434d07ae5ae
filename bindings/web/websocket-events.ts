import { NumberConstructor, ObjectFreeze, StringPrototypeToWellFormed } from '../primordials.ts';
import { defineInterface, requireArguments } from './define.ts';
import { Event, eventInit, trusted, type EventInit } from './event.ts';

const NO_PORTS = ObjectFreeze<never[]>([]);

export interface MessageEventInit extends EventInit {
  data?: unknown;
  origin?: string;
  lastEventId?: string;
}

/** The event of a message that came in. It is made without a dictionary, whose members scripts can give defaults to. */
export let messageEvent: (data: unknown, origin: string, type?: string) => MessageEvent;

/** HTML Standard, "The MessageEvent interface". There are no ports here: `source` is null and `ports` is empty. */
export class MessageEvent extends Event {
  #data: unknown = null;
  #origin = '';
  #lastEventId = '';

  constructor(type: unknown, init?: unknown) {
    requireArguments(arguments.length, 1, 'MessageEvent constructor');
    super(type, init);
    if (init !== undefined) {
      const { data = null, origin = '', lastEventId = '' } = eventInit<MessageEventInit>(init, 'MessageEvent');
      this.#data = data;
      this.#origin = `${origin}`;
      this.#lastEventId = `${lastEventId}`;
    }
  }

  static {
    messageEvent = (data, origin, type = 'message') => {
      const event = trusted(new MessageEvent(type));
      event.#data = data;
      event.#origin = origin;
      return event;
    };
  }

  get data(): unknown {
    return this.#data;
  }

  get origin(): string {
    return this.#origin;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  get source(): null {
    return null;
  }

  get ports(): readonly never[] {
    return NO_PORTS;
  }
}

defineInterface(MessageEvent, 'MessageEvent', ['data', 'origin', 'lastEventId', 'source', 'ports']);

export interface CloseEventInit extends EventInit {
  wasClean?: boolean;
  code?: number;
  reason?: string;
}

/** The event of a connection that has closed. */
export let closeEvent: (code: number, reason: string, wasClean: boolean) => CloseEvent;

/** WebSockets Standard, section 6: "The CloseEvent interface". */
export class CloseEvent extends Event {
  #wasClean = false;
  #code = 0;
  #reason = '';

  constructor(type: unknown, init?: unknown) {
    requireArguments(arguments.length, 1, 'CloseEvent constructor');
    super(type, init);
    if (init !== undefined) {
      const { wasClean = false, code = 0, reason = '' } = eventInit<CloseEventInit>(init, 'CloseEvent');
      this.#wasClean = !!wasClean;
      // WebIDL `unsigned short`: the number modulo 2^16.
      this.#code = NumberConstructor(code) & 0xffff;
      this.#reason = StringPrototypeToWellFormed(`${reason}`);
    }
  }

  static {
    closeEvent = (code, reason, wasClean) => {
      const event = trusted(new CloseEvent('close'));
      event.#code = code;
      event.#reason = reason;
      event.#wasClean = wasClean;
      return event;
    };
  }

  get wasClean(): boolean {
    return this.#wasClean;
  }

  get code(): number {
    return this.#code;
  }

  get reason(): string {
    return this.#reason;
  }
}

defineInterface(CloseEvent, 'CloseEvent', ['wasClean', 'code', 'reason']);
