/// <reference path="./events.d.ts" />

interface ErrorEventInit extends EventInit {
  message?: string;
  filename?: string;
  lineno?: number;
  colno?: number;
  error?: unknown;
}

/** HTML Standard, "The ErrorEvent interface". A socket's `error` event is a plain Event. */
declare class ErrorEvent extends Event {
  constructor(type: string, init?: ErrorEventInit | null);

  readonly message: string;
  readonly filename: string;
  readonly lineno: number;
  readonly colno: number;
  readonly error: any;
}
