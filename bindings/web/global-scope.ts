import { setUncaughtHandlers, type ErrorText } from '../errors.ts';
import { NumberConstructor, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ReflectApply, RegExpPrototypeExec, createList } from '../primordials.ts';
import { ErrorEvent, uncaughtErrorEvent } from './error-event.ts';
import { EventTarget, dispatch, getHandler, hasListeners, invokeWithEvent, setHandler, standForGlobal, type HandlerInvoker } from './event-target.ts';
import { PromiseRejectionEvent, unhandledRejection } from './promise-rejection-event.ts';

/**
 * The global object as a target of events: `error` and `unhandledrejection` reach the script before anybody else hears of them.
 * HTML, "report an exception" and "notify about rejected promises".
 */

/** HTML, "the event handler processing algorithm": the `onerror` of a global gets five arguments, and returns true to cancel. */
const invokeOnError: HandlerInvoker = (handler, receiver, event) => {
  if (!(event instanceof ErrorEvent)) {
    return ReflectApply(handler, receiver, [event]);
  }
  const { message, filename, lineno, colno, error } = event;
  return ReflectApply(handler, receiver, [message, filename, lineno, colno, error]) !== true;
};

const HANDLERS: readonly { readonly type: string; readonly invoke: HandlerInvoker }[] = [
  { type: 'error', invoke: invokeOnError },
  { type: 'unhandledrejection', invoke: invokeWithEvent },
];

/** Makes the global object a target of events. Called once, before any script runs. */
export function startGlobalScope(): void {
  const target = new EventTarget();
  standForGlobal(target);
  const names = ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as (typeof names)[number];
    ObjectDefineProperty(globalThis, name, { value: EventTarget.prototype[name], writable: true, enumerable: false, configurable: true });
  }
  ObjectDefineProperty(globalThis, 'PromiseRejectionEvent', { value: PromiseRejectionEvent, writable: true, enumerable: false, configurable: true });
  for (let index = 0; index < HANDLERS.length; index++) {
    const { type, invoke } = HANDLERS[index] as (typeof HANDLERS)[number];
    defineHandler(target, type, invoke);
  }
  // What a listener of these events throws is not told to it again.
  let isOffering = false;
  const offer = (type: string, make: () => PromiseRejectionEvent | ErrorEvent): boolean => {
    if (isOffering || !hasListeners(target, type)) {
      return false;
    }
    isOffering = true;
    try {
      return !dispatch(target, make());
    } finally {
      // Also if there is no stack left for it.
      isOffering = false;
    }
  };
  setUncaughtHandlers({
    exception: (error, described) =>
      offer('error', () => {
        const { filename, line, column } = positionOf(described);
        return uncaughtErrorEvent(`Uncaught ${described.text}`, filename, line, column, error);
      }),
    rejection: (promise, reason) => offer('unhandledrejection', () => unhandledRejection(promise, reason)),
  });
}

function defineHandler(target: EventTarget, type: string, invoke: HandlerInvoker): void {
  const name = `on${type}`;
  const holder = {
    get [name](): unknown {
      return getHandler(target, type);
    },
    set [name](value: unknown) {
      setHandler(target, type, value, invoke);
    },
  };
  const descriptor = ObjectGetOwnPropertyDescriptor(holder, name) as PropertyDescriptor;
  ObjectDefineProperty(globalThis, name, { ...descriptor, enumerable: false, configurable: true });
}

interface Position {
  readonly filename: string;
  readonly line: number;
  readonly column: number;
}

/** The end of a frame: `    at greet (chat.js:3:5)`, `    at chat.js:3:5`. */
const FRAME_END = /^ {4}at (?:.* \()?(.+):(\d+):(\d+)\)?(?:\n|$)/;

/** Where the error was thrown: the innermost frame of the script. */
function positionOf({ stack }: ErrorText): Position {
  const match = (RegExpPrototypeExec(FRAME_END, stack) ?? createList<string>()) as readonly (string | undefined)[];
  return { filename: match[1] ?? '', line: NumberConstructor(match[2] ?? 0), column: NumberConstructor(match[3] ?? 0) };
}
