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

interface PromiseRejectionEventInit extends EventInit {
  promise: Promise<any>;
  reason?: any;
}

/** HTML Standard, "The PromiseRejectionEvent interface": a promise was rejected, and nothing handles it. */
declare class PromiseRejectionEvent extends Event {
  constructor(type: string, init: PromiseRejectionEventInit);

  readonly promise: Promise<any>;
  /** A copy of it, if no callback has returned the promise and its stack was read before. */
  readonly reason: any;
}
