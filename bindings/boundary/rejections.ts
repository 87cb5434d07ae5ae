import { reportRejection, type Rejection } from '../errors.ts';
import { ObjectGetPrototypeOf, PromisePrototype, createList } from '../primordials.ts';
import { react } from '../web/promises.ts';

/** Promises that callbacks of the script return, and whose rejection nobody else would hear of: isolated-vm tells one a turn. */

/** How far up a prototype chain `Promise.prototype` is looked for: a class of promises may inherit from another one. */
const LONGEST_CHAIN = 8;

let pending = createList<Rejection>();
let isNotifying = false;

/** A callback has returned this. If it is a promise, its rejection is the callback's own: nobody else has it. */
export function watchReturned(value: object, kind: string, name: string): void {
  try {
    if (isPromise(value)) {
      react(value, undefined, (reason) => {
        pending[pending.length] = { promise: value, reason, kind, name };
      });
    }
  } catch {
    // A frozen promise, or a Proxy that throws. V8 still tells of the first such rejection of a turn.
  }
}

function isPromise(value: object): value is Promise<unknown> {
  let each: object | null = value;
  for (let length = 0; length < LONGEST_CHAIN && each !== null; length++) {
    each = ObjectGetPrototypeOf(each) as object | null;
    if (each === PromisePrototype) {
      return true;
    }
  }
  return false;
}

/** HTML, "notify about rejected promises". What rejects because of the event itself is reported without another one. */
export function notifyRejections(): void {
  if (pending.length === 0 || isNotifying) {
    return;
  }
  isNotifying = true;
  const first = pending.length;
  let told = 0;
  try {
    for (; told < pending.length; told++) {
      reportRejection(pending[told] as Rejection, told < first);
    }
  } finally {
    // If the script had used its stack up, the rest is told next time.
    const rest = createList<Rejection>();
    for (; told < pending.length; told++) {
      rest[rest.length] = pending[told] as Rejection;
    }
    pending = rest;
    isNotifying = false;
  }
}
