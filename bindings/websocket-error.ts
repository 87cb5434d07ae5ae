import { ObjectGetOwnPropertyDescriptor, ReflectApply } from './primordials.ts';
import { defineInterface } from './web/define.ts';
import { DOMException, copyStack } from './web/dom-exception.ts';
import { closeInfo } from './websocket-close-info.ts';

/** An error of the bindings' own: its code may be one that no script may send, as 1006. */
export let webSocketError: (message: string, closeCode: number | null, reason: string) => WebSocketError;

/** Whether it is one, whatever a script has made of its prototype. */
export let isWebSocketError: (value: unknown) => value is WebSocketError;

/** What a WebSocketError says of how to close; not what a script has put on it. */
export let closeInfoOf: (error: WebSocketError) => { readonly closeCode: number | null; readonly reason: string };

/** Its serialization steps: those of a DOMException, with what it has besides. Undefined where the value is none. */
export let cloneWebSocketError: (value: object) => WebSocketError | undefined;

const getMessage = ObjectGetOwnPropertyDescriptor(DOMException.prototype, 'message')?.get as () => string;

/** WebSocketStream draft: why a stream's connection ended, and what to end one with. */
export class WebSocketError extends DOMException {
  #closeCode: number | null = null;
  #reason = '';

  constructor(message: unknown = '', init: unknown = undefined) {
    super(message, 'WebSocketError');
    const info = closeInfo(init, "Failed to construct 'WebSocketError'");
    this.#closeCode = info.closeCode;
    this.#reason = info.reason;
  }

  static {
    webSocketError = (message, closeCode, reason) => {
      const error = new WebSocketError(message);
      error.#closeCode = closeCode;
      error.#reason = reason;
      return error;
    };
    isWebSocketError = (value): value is WebSocketError =>
      typeof value === 'object' && value !== null && #closeCode in value;
    cloneWebSocketError = (value) => {
      if (!isWebSocketError(value)) {
        return undefined;
      }
      const message = ReflectApply(getMessage, value, []) as string;
      return copyStack(value, webSocketError(message, value.#closeCode, value.#reason));
    };
    closeInfoOf = (error) => ({ closeCode: error.#closeCode, reason: error.#reason });
  }

  get closeCode(): number | null {
    return this.#closeCode;
  }

  get reason(): string {
    return this.#reason;
  }
}

defineInterface(WebSocketError, 'WebSocketError', ['closeCode', 'reason']);
