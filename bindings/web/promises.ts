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
  // `then` asks a promise for its `constructor`, and that for its species; a script may have put its own there. Where there
  // is no constructor, it asks no further.
  const none = ObjectCreate(null) as PropertyDescriptor;
  none.value = undefined;
  none.configurable = true;
  ObjectDefineProperty(promise, 'constructor', none);
  PromisePrototypeThen(promise, undefined, () => undefined);
  delete (promise as { constructor?: unknown }).constructor;
}
