import { MathTrunc, NumberConstructor } from '../primordials.ts';
import { defineInterface, requireArguments } from './define.ts';
import { Event, eventInit, trusted, type EventInit } from './event.ts';
import { usvString } from './webidl.ts';

export interface ErrorEventInit extends EventInit {
  message?: string;
  filename?: string;
  lineno?: number;
  colno?: number;
  error?: unknown;
}

/** The event of something of the bindings' own that has failed. */
export let errorEvent: (message: string, error: unknown) => ErrorEvent;

/** HTML, "report an exception": the event of what the script has thrown and not caught. */
export let uncaughtErrorEvent: (message: string, filename: string, lineno: number, colno: number, error: unknown) => ErrorEvent;

/** HTML Standard, "The ErrorEvent interface". */
export class ErrorEvent extends Event {
  #message = '';
  #filename = '';
  #lineno = 0;
  #colno = 0;
  #error: unknown = undefined;

  constructor(type: unknown, init: unknown = undefined) {
    requireArguments(arguments.length, 1, "Failed to construct 'ErrorEvent'");
    super(type, init);
    if (init !== undefined) {
      // Web IDL: the members in the order of their names.
      const { colno, error, filename, lineno, message } = eventInit<ErrorEventInit>(init, 'ErrorEvent');
      this.#colno = unsignedLong(colno);
      this.#error = error;
      this.#filename = filename === undefined ? '' : usvString(filename);
      this.#lineno = unsignedLong(lineno);
      this.#message = message === undefined ? '' : `${message}`;
    }
  }

  static {
    errorEvent = (message, error) => {
      const event = trusted(new ErrorEvent('error'));
      event.#message = message;
      event.#error = error;
      return event;
    };
    uncaughtErrorEvent = (message, filename, lineno, colno, error) => {
      const event = trusted(new ErrorEvent('error', { cancelable: true }));
      event.#message = message;
      event.#filename = filename;
      event.#lineno = lineno;
      event.#colno = colno;
      event.#error = error;
      return event;
    };
  }

  get message(): string {
    return this.#message;
  }

  get filename(): string {
    return this.#filename;
  }

  get lineno(): number {
    return this.#lineno;
  }

  get colno(): number {
    return this.#colno;
  }

  get error(): unknown {
    return this.#error;
  }
}

defineInterface(ErrorEvent, 'ErrorEvent', ['message', 'filename', 'lineno', 'colno', 'error']);

/** Web IDL `unsigned long`: the integer modulo 2^32. */
function unsignedLong(value: unknown): number {
  return value === undefined ? 0 : MathTrunc(NumberConstructor(value)) >>> 0;
}
