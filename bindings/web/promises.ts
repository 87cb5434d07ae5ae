import { ObjectCreate, ObjectDefineProperty, PromiseConstructor, PromisePrototypeThen } from '../primordials.ts';

/** A promise, and who settles it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<Value>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new PromiseConstructor<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Web IDL, "a promise rejected with". */
export function rejected(reason: unknown): Promise<never> {
  const { promise, reject } = deferred<never>();
  reject(reason);
  return promise;
}

/** Web IDL, "mark as handled": its rejection, unhandled, is no uncaught error. */
export function markAsHandled(promise: Promise<unknown>): void {
  react(promise, undefined, () => undefined);
}

/** Whether a value is one that `await` would wait for. */
export function isThenable(value: unknown): boolean {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Waits for a value as `await` does, and calls back. What the callbacks throw is lost. */
export function whenSettled(value: unknown, onFulfilled: (value: unknown) => void, onRejected: (reason: unknown) => void): void {
  const { promise, resolve } = deferred<unknown>();
  resolve(value);
  react(promise, onFulfilled, onRejected);
}

/** Web IDL, "react". Throws if the promise is frozen. */
export function react<Value>(
  promise: Promise<Value>,
  onFulfilled: ((value: Value) => unknown) | undefined,
  onRejected: (reason: unknown) => unknown,
): void {
  // `then` asks a promise for its `constructor`, and that for its species; a script may have put its own there. Where there
  // is no constructor, it asks no further.
  const none = ObjectCreate(null) as PropertyDescriptor;
  none.value = undefined;
  none.configurable = true;
  ObjectDefineProperty(promise, 'constructor', none);
  try {
    PromisePrototypeThen(promise, onFulfilled, onRejected);
  } finally {
    delete (promise as { constructor?: unknown }).constructor;
  }
}
