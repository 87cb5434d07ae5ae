/** Aborting what is under way: DOM Standard, section 3. */
/// <reference path="./events.d.ts" />

/** Aborts what was given its `signal`. DOM Standard, section 3.1. */
declare class AbortController {
  constructor();

  /** Always the same one. */
  readonly signal: AbortSignal;

  /**
   * Aborts at once: `abort` listeners have run when it returns. A second call changes nothing.
   *
   * @param reason what `signal.reason` will be. Default: a DOMException AbortError
   */
  abort(reason?: unknown): void;
}

/**
 * Tells whether, and why, something is to stop. It is made by a controller or by the static methods. DOM Standard, section
 * 3.2.
 */
declare class AbortSignal extends EventTarget {
  private constructor();

  /** A signal that is aborted already. */
  static abort(reason?: unknown): AbortSignal;
  /**
   * A signal that is aborted as soon as one of these is, with its reason.
   *
   * @throws TypeError where one is not an AbortSignal
   */
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  /**
   * A signal that is aborted after so many milliseconds, with a DOMException TimeoutError.
   *
   * @throws TypeError where it is not a number from 0 to 2^53 - 1
   */
  static timeout(milliseconds: number): AbortSignal;

  readonly aborted: boolean;
  /** undefined before it is aborted. */
  readonly reason: any;
  /** Called with an `abort` event, once. */
  onabort: ((this: AbortSignal, event: Event) => unknown) | null;

  /** @throws `reason`, where it is aborted */
  throwIfAborted(): void;
}
