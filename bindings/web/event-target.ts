import { beginCallback, endCallback } from '../boundary/callbacks.ts';
import { reportException } from '../errors.ts';
import {
  ArrayPrototypeSlice,
  MapConstructor,
  MapPrototypeGet,
  MapPrototypeSet,
  ReflectApply,
  TypeErrorConstructor,
  createList,
} from '../primordials.ts';
import { isAborted, isAbortSignal } from './abort-algorithms.ts';
import { defineInterface, illegalInvocation, requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { internals, type Event } from './event.ts';

export type Callback = ((this: unknown, event: unknown) => unknown) | { handleEvent?: unknown };

/** HTML: [LegacyTreatNonObjectAsNull], so any object is kept; one that is no function is not called. */
export type EventHandler = ((this: unknown, ...args: unknown[]) => unknown) | object;

interface Listener {
  /** What a script has added; for an event handler attribute, its value. */
  callback: Callback | EventHandler;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  /** How the value of an event handler attribute is called; undefined for other listeners. */
  readonly invoke: HandlerInvoker | undefined;
  /** It is removed when this one is aborted. */
  readonly signal: object | undefined;
  removed: boolean;
}

export interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: object;
}

/** What the classes that inherit from EventTarget may do. */
interface TargetInternals {
  isTarget(value: unknown): value is EventTarget;
  getHandler(target: EventTarget, type: string): EventHandler | null;
  setHandler(target: EventTarget, type: string, value: unknown, invoke?: HandlerInvoker): void;
  dispatch(target: EventTarget, event: Event): boolean;
  hasListeners(target: EventTarget, type: string): boolean;
  /** Lets go of the listeners whose signals are aborted. */
  sweepListeners(target: EventTarget, type: string): void;
}
let targetInternals: TargetInternals;

/** Calls an event handler attribute's function, and gives what it returns. A dialect may hand it more than the event. */
export type HandlerInvoker = (
  handler: (this: unknown, ...args: unknown[]) => unknown,
  target: object,
  event: Event,
) => unknown;

/** Told of the listeners for one type of events. */
export interface ListenerWatch {
  /** Called before each listener is added. It may throw: then the listener is not added. */
  adding(target: EventTarget): void;
  /** Called when the last listener of a target was removed. */
  emptied?(target: EventTarget): void;
}

/** The types of events that the bindings want to know the listeners of. */
const watches = new MapConstructor<string, ListenerWatch>();

export function watchListeners(type: string, watch: ListenerWatch): void {
  MapPrototypeSet(watches, type, watch);
}

/** Holds the listeners of the global object, which has no private members of its own. */
let globalTarget: EventTarget | undefined;

/** The listeners of this target are from now on those of the global object. */
export function standForGlobal(target: EventTarget): void {
  globalTarget = target;
}

/** DOM Standard, section 2.7. */
export class EventTarget {
  readonly #listeners = new MapConstructor<string, Listener[]>();

  addEventListener(type: unknown, callback: unknown, options: unknown = undefined): void {
    const target = own(this);
    requireArguments(arguments.length, 2, "Failed to execute 'addEventListener' on 'EventTarget'");
    const name = `${type as string}`;
    const isNull = !isCallback(callback, 'addEventListener');
    const { capture, once, passive, signal } = listenerOptions(options);
    if (isNull || (signal !== undefined && isAborted(signal)) || target.#find(name, callback, capture) !== undefined) {
      return;
    }
    target.#add(name, { callback, capture, once, passive, invoke: undefined, signal, removed: false });
  }

  removeEventListener(type: unknown, callback: unknown, options: unknown = undefined): void {
    const target = own(this);
    requireArguments(arguments.length, 2, "Failed to execute 'removeEventListener' on 'EventTarget'");
    const name = `${type as string}`;
    const isNull = !isCallback(callback, 'removeEventListener');
    const capture = captureOption(options);
    const listener = isNull ? undefined : target.#find(name, callback, capture);
    if (listener !== undefined) {
      target.#remove(name, listener);
    }
  }

  dispatchEvent(event: unknown): boolean {
    const target = own(this);
    requireArguments(arguments.length, 1, "Failed to execute 'dispatchEvent' on 'EventTarget'");
    if (!internals.isEvent(event)) {
      throw new TypeErrorConstructor(
        "Failed to execute 'dispatchEvent' on 'EventTarget': parameter 1 is not of type 'Event'.",
      );
    }
    if (internals.dispatching(event)) {
      throw domException(
        'InvalidStateError',
        "Failed to execute 'dispatchEvent' on 'EventTarget': The event is already being dispatched.",
      );
    }
    internals.setTrusted(event, false);
    return target.#dispatch(event);
  }

  static {
    targetInternals = {
      isTarget: (value): value is EventTarget => typeof value === 'object' && value !== null && #listeners in value,

      getHandler: (target, type) => (target.#findHandler(type)?.callback as EventHandler | undefined) ?? null,

      // HTML, "event handler IDL attributes": the listener keeps its place while the value is an object.
      setHandler(target, type, value, invoke = invokeWithEvent) {
        const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
        const listener = target.#findHandler(type);
        if (listener === undefined) {
          if (isObject) {
            target.#add(type, { callback: value, capture: false, once: false, passive: false, invoke, signal: undefined, removed: false });
          }
        } else if (isObject) {
          listener.callback = value;
        } else {
          target.#remove(type, listener);
        }
      },

      dispatch: (target, event) => target.#dispatch(event),

      hasListeners(target, type) {
        const list = target.#list(type);
        return list !== undefined && list.length > 0;
      },

      sweepListeners(target, type) {
        target.#list(type);
      },
    };
  }

  #find(type: string, callback: unknown, capture: boolean): Listener | undefined {
    const list = this.#list(type);
    for (let index = 0; list !== undefined && index < list.length; index++) {
      const listener = list[index] as Listener;
      if (listener.invoke === undefined && listener.callback === callback && listener.capture === capture) {
        return listener;
      }
    }
    return undefined;
  }

  #findHandler(type: string): Listener | undefined {
    const list = MapPrototypeGet(this.#listeners, type);
    for (let index = 0; list !== undefined && index < list.length; index++) {
      const listener = list[index] as Listener;
      if (listener.invoke !== undefined) {
        return listener;
      }
    }
    return undefined;
  }

  /**
   * The listeners for a type. The standard has a signal remove its listeners when it is aborted. Then the signal would keep
   * each of them and its target for as long as it lives itself. So a listener keeps its signal instead, and goes when
   * somebody next looks for it: before that, nobody can tell.
   */
  #list(type: string): readonly Listener[] | undefined {
    const list = MapPrototypeGet(this.#listeners, type);
    for (let index = 0; list !== undefined && index < list.length; index++) {
      if (isGone(list[index] as Listener)) {
        return this.#keep(type, (listener) => !isGone(listener));
      }
    }
    return list;
  }

  #add(type: string, listener: Listener): void {
    const watch = MapPrototypeGet(watches, type);
    if (watch !== undefined) {
      watch.adding(this);
    }
    let list = MapPrototypeGet(this.#listeners, type);
    if (list === undefined) {
      list = createList();
      MapPrototypeSet(this.#listeners, type, list);
    }
    list[list.length] = listener;
  }

  #remove(type: string, listener: Listener): void {
    listener.removed = true;
    this.#keep(type, (each) => each !== listener);
  }

  #keep(type: string, stays: (listener: Listener) => boolean): readonly Listener[] {
    // A new list, so that a dispatch under way goes on with the one that it has.
    const list = MapPrototypeGet(this.#listeners, type);
    const rest = createList<Listener>();
    for (let index = 0; list !== undefined && index < list.length; index++) {
      const each = list[index] as Listener;
      if (stays(each)) {
        rest[rest.length] = each;
      }
    }
    MapPrototypeSet(this.#listeners, type, rest);
    if (rest.length === 0) {
      MapPrototypeGet(watches, type)?.emptied?.(this);
    }
    return rest;
  }

  /** DOM, "dispatch", where the path has one target. Returns false where the event was canceled. */
  #dispatch(event: Event): boolean {
    const type = internals.type(event);
    const list = this.#list(type);
    internals.begin(event, seenAs(this));
    try {
      // "Invoke": nothing where a script has stopped the event before it dispatched it.
      if (list !== undefined && list.length > 0 && !internals.stopped(event)) {
        this.#invoke(list, type, event);
      }
    } finally {
      internals.end(event);
    }
    return !internals.canceled(event);
  }

  /** DOM, "dispatch", steps 5.13 and 5.14: at the target, too, those that capture run first. */
  #invoke(list: readonly Listener[], type: string, event: Event): void {
    let captures = 0;
    for (let index = 0; index < list.length; index++) {
      captures += (list[index] as Listener).capture ? 1 : 0;
    }
    if (captures === 0 || captures === list.length) {
      return this.#innerInvoke(list, type, event);
    }
    this.#innerInvoke(withCapture(list, true), type, event);
    // "Invoke" begins anew: what was added meanwhile runs, and nothing if the event was stopped.
    const rest = this.#list(type);
    if (rest !== undefined && !internals.stopped(event)) {
      this.#innerInvoke(withCapture(rest, false), type, event);
    }
  }

  #innerInvoke(list: readonly Listener[], type: string, event: Event): void {
    // Listeners that are added meanwhile do not run: the standard works on a clone.
    const clone = list.length === 1 ? list : ArrayPrototypeSlice(list);
    const { length } = clone;
    for (let index = 0; index < length && !internals.immediateStopped(event); index++) {
      const listener = clone[index] as Listener;
      if (isGone(listener)) {
        continue;
      }
      if (listener.once) {
        this.#remove(type, listener);
      }
      if (listener.passive) {
        internals.setPassive(event, true);
        invokeListener(listener, this, event);
        internals.setPassive(event, false);
      } else {
        invokeListener(listener, this, event);
      }
    }
  }
}

defineInterface(EventTarget, 'EventTarget', ['addEventListener', 'removeEventListener', 'dispatchEvent']);

export const { getHandler, setHandler, dispatch, hasListeners, sweepListeners } = targetInternals!;

/** What a script sees in the place of a target. */
function seenAs(target: EventTarget): object {
  return target === globalTarget ? globalThis : target;
}

/**
 * `this` as a member sees it. Web IDL, "to create an operation function", step 2.1.2: the global object if it is null or undefined.
 * Throws if it is no EventTarget.
 */
function own(value: unknown): EventTarget {
  if ((value === globalThis || value === undefined || value === null) && globalTarget !== undefined) {
    return globalTarget;
  }
  if (!targetInternals.isTarget(value)) {
    throw illegalInvocation('EventTarget');
  }
  return value;
}

function isGone({ removed, signal }: Listener): boolean {
  return removed || (signal !== undefined && isAborted(signal));
}

function withCapture(list: readonly Listener[], capture: boolean): readonly Listener[] {
  const some = createList<Listener>();
  for (let index = 0; index < list.length; index++) {
    const listener = list[index] as Listener;
    if (listener.capture === capture) {
      some[some.length] = listener;
    }
  }
  return some;
}

export const invokeWithEvent: HandlerInvoker = (handler, target, event) => ReflectApply(handler, target, [event]);

/** DOM, "inner invoke", from step 10 on: an exception is reported and stops nothing. */
function invokeListener({ callback, invoke }: Listener, target: EventTarget, event: Event): void {
  const receiver = seenAs(target);
  let result: unknown;
  const outer = beginCallback();
  try {
    if (invoke !== undefined) {
      // HTML, "the event handler processing algorithm": a handler that returns false cancels the event.
      if (typeof callback === 'function' && (result = invoke(callback as () => unknown, receiver, event)) === false) {
        internals.cancel(event);
      }
    } else if (typeof callback === 'function') {
      result = ReflectApply(callback as () => unknown, receiver, [event]);
    } else {
      // The property is looked up at each call, as the standard's callback interfaces are.
      const { handleEvent } = callback as { handleEvent?: unknown };
      if (typeof handleEvent !== 'function') {
        throw new TypeErrorConstructor('EventListener.handleEvent is not a function');
      }
      result = ReflectApply(handleEvent, callback, [event]);
    }
  } catch (error) {
    reportException(error, typeof callback === 'function' ? (callback as () => unknown) : undefined);
  }
  endCallback(outer, result, 'the listener for', internals.type(event));
}

/** WebIDL `EventListener?`: false for null, a TypeError for what is no object. */
function isCallback(value: unknown, operation: string): value is Callback {
  if (value === null || value === undefined) {
    return false;
  }
  if (typeof value !== 'function' && typeof value !== 'object') {
    throw new TypeErrorConstructor(
      `Failed to execute '${operation}' on 'EventTarget': parameter 2 is not of type 'Object'.`,
    );
  }
  return true;
}

/** DOM, "flatten" options. WebIDL `(EventListenerOptions or boolean)`: any object, functions too, is a dictionary. */
function captureOption(options: unknown): boolean {
  const isDictionary = (typeof options === 'object' && options !== null) || typeof options === 'function';
  return !!(isDictionary ? (options as ListenerOptions).capture : options);
}

interface FlatOptions {
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  readonly signal: object | undefined;
}

/** DOM, "flatten more" options. WebIDL: the inherited dictionary first, then the members in the order of their names. */
function listenerOptions(options: unknown): FlatOptions {
  const capture = captureOption(options);
  if ((typeof options !== 'object' && typeof options !== 'function') || options === null) {
    return { capture, once: false, passive: false, signal: undefined };
  }
  const { once, passive, signal } = options as ListenerOptions;
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new TypeErrorConstructor(
      "Failed to execute 'addEventListener' on 'EventTarget': member signal is not of type 'AbortSignal'.",
    );
  }
  return { capture, once: !!once, passive: !!passive, signal };
}
