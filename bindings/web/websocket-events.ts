import { defineInterface, requireArguments } from './define.ts';
import { Event, eventInit, type EventInit } from './event.ts';

export interface MessageEventInit extends EventInit {
  data?: unknown;
  origin?: string;
  lastEventId?: string;
}

/** HTML Standard, "The MessageEvent interface". There are no ports here: `source` is null and `ports` is empty. */
export class MessageEvent extends Event {
  readonly #data: unknown;
  readonly #origin: string;
  readonly #lastEventId: string;

  constructor(type: unknown, init?: unknown) {
    requireArguments(arguments.length, 1, 'MessageEvent constructor');
    super(type, init);
    const { data = null, origin = '', lastEventId = '' } = eventInit<MessageEventInit>(init, 'MessageEvent');
    this.#data = data;
    this.#origin = `${origin}`;
    this.#lastEventId = `${lastEventId}`;
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
    return [];
  }
}

defineInterface(MessageEvent, 'MessageEvent', ['data', 'origin', 'lastEventId', 'source', 'ports']);

export interface CloseEventInit extends EventInit {
  wasClean?: boolean;
  code?: number;
  reason?: string;
}

/** WebSockets Standard, section 6: "The CloseEvent interface". */
export class CloseEvent extends Event {
  readonly #wasClean: boolean;
  readonly #code: number;
  readonly #reason: string;

  constructor(type: unknown, init?: unknown) {
    requireArguments(arguments.length, 1, 'CloseEvent constructor');
    super(type, init);
    const { wasClean = false, code = 0, reason = '' } = eventInit<CloseEventInit>(init, 'CloseEvent');
    this.#wasClean = Boolean(wasClean);
    // WebIDL `unsigned short`: the number modulo 2^16.
    this.#code = Number(code) & 0xffff;
    this.#reason = `${reason}`;
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
