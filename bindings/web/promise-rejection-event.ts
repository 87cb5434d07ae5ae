import { TypeErrorConstructor } from '../primordials.ts';
import { defineInterface, requireArguments } from './define.ts';
import { Event, eventInit, trusted, type EventInit } from './event.ts';

export interface PromiseRejectionEventInit extends EventInit {
  promise?: object;
  reason?: unknown;
}

/** HTML Standard, "The PromiseRejectionEvent interface". */
export class PromiseRejectionEvent extends Event {
  readonly #promise: object;
  readonly #reason: unknown;

  constructor(type: unknown, init: unknown) {
    requireArguments(arguments.length, 2, "Failed to construct 'PromiseRejectionEvent'");
    super(type, init);
    const { promise, reason } = eventInit<PromiseRejectionEventInit>(init, 'PromiseRejectionEvent');
    if ((typeof promise !== 'object' || promise === null) && typeof promise !== 'function') {
      throw new TypeErrorConstructor("Failed to construct 'PromiseRejectionEvent': required member promise is not an object.");
    }
    this.#promise = promise;
    this.#reason = reason;
  }

  get promise(): object {
    return this.#promise;
  }

  get reason(): unknown {
    return this.#reason;
  }
}

defineInterface(PromiseRejectionEvent, 'PromiseRejectionEvent', ['promise', 'reason']);

/** The event of a rejection that nothing handles. */
export function unhandledRejection(promise: object, reason: unknown): PromiseRejectionEvent {
  return trusted(new PromiseRejectionEvent('unhandledrejection', { cancelable: true, promise, reason }));
}
