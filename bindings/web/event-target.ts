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
import { defineInterface, requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { Event, internals } from './event.ts';

export type Callback = ((this: unknown, event: unknown) => unknown) | { handleEvent(event: unknown): unknown };

interface Listener {
  /** What runs. For an event handler attribute, a function that the bindings made. */
  readonly callback: Callback;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  /** The attribute's value, where the listener stands for an event handler attribute. */
  handler: EventHandler | undefined;
  removed: boolean;
}

export type EventHandler = (this: unknown, ...args: unknown[]) => unknown;

export interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
}

/** What the classes that inherit from EventTarget may do. */
interface TargetInternals {
  getHandler(target: EventTarget, type: string): EventHandler | null;
  setHandler(target: EventTarget, type: string, value: unknown, invoke: HandlerInvoker): void;
  dispatch(target: EventTarget, event: Event): boolean;
}
let targetInternals: TargetInternals;

/** Calls an event handler attribute's function. A dialect may hand it more than the event. */
export type HandlerInvoker = (handler: EventHandler, target: EventTarget, event: Event) => unknown;

/** DOM Standard, section 2.7. */
export class EventTarget {
  readonly #listeners = new MapConstructor<string, Listener[]>();

  addEventListener(type: unknown, callback?: unknown, options?: unknown): void {
    requireArguments(arguments.length, 2, "Failed to execute 'addEventListener' on 'EventTarget'");
    const { capture, once, passive } = listenerOptions(options);
    const name = `${type as string}`;
    if (!isCallback(callback)) {
      return;
    }
    const list = this.#listOf(name);
    for (let index = 0; index < list.length; index++) {
      const listener = list[index] as Listener;
      if (listener.handler === undefined && listener.callback === callback && listener.capture === capture) {
        return;
      }
    }
    list[list.length] = { callback, capture, once, passive, handler: undefined, removed: false };
  }

  removeEventListener(type: unknown, callback?: unknown, options?: unknown): void {
    requireArguments(arguments.length, 2, "Failed to execute 'removeEventListener' on 'EventTarget'");
    const { capture } = listenerOptions(options);
    const name = `${type as string}`;
    const list = this.#listOf(name);
    for (let index = 0; index < list.length; index++) {
      const listener = list[index] as Listener;
      if (listener.handler === undefined && listener.callback === callback && listener.capture === capture) {
        this.#remove(name, listener);
        return;
      }
    }
  }

  dispatchEvent(event: unknown): boolean {
    requireArguments(arguments.length, 1, "Failed to execute 'dispatchEvent' on 'EventTarget'");
    if (!(typeof event === 'object' && event !== null && isEvent(event))) {
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
    return this.#dispatch(event);
  }

  static {
    targetInternals = {
      getHandler(target, type) {
        const list = MapPrototypeGet(target.#listeners, type);
        for (let index = 0; list !== undefined && index < list.length; index++) {
          const { handler } = list[index] as Listener;
          if (handler !== undefined) {
            return handler;
          }
        }
        return null;
      },

      // HTML, "event handler IDL attributes": the listener keeps its place while the value is a function.
      setHandler(target, type, value, invoke) {
        const list = target.#listOf(type);
        const handler = typeof value === 'function' ? (value as EventHandler) : undefined;
        for (let index = 0; index < list.length; index++) {
          const listener = list[index] as Listener;
          if (listener.handler !== undefined) {
            if (handler === undefined) {
              target.#remove(type, listener);
            } else {
              listener.handler = handler;
            }
            return;
          }
        }
        if (handler === undefined) {
          return;
        }
        const listener: Listener = {
          callback: (event) => invoke(listener.handler as EventHandler, target, event as Event),
          capture: false,
          once: false,
          passive: false,
          handler,
          removed: false,
        };
        list[list.length] = listener;
      },

      dispatch: (target, event) => target.#dispatch(event),
    };
  }

  #listOf(type: string): Listener[] {
    let list = MapPrototypeGet(this.#listeners, type);
    if (list === undefined) {
      list = createList();
      MapPrototypeSet(this.#listeners, type, list);
    }
    return list;
  }

  #remove(type: string, listener: Listener): void {
    listener.removed = true;
    // A new list, so that a dispatch under way goes on with the one that it has.
    const list = this.#listOf(type);
    const rest = createList<Listener>();
    for (let index = 0; index < list.length; index++) {
      if (list[index] !== listener) {
        rest[rest.length] = list[index] as Listener;
      }
    }
    MapPrototypeSet(this.#listeners, type, rest);
  }

  /** DOM, "dispatch", where the path has one target. Returns false where the event was canceled. */
  #dispatch(event: Event): boolean {
    const type = internals.type(event);
    const list = MapPrototypeGet(this.#listeners, type);
    internals.begin(event, this);
    try {
      // "Invoke": nothing where a script has stopped the event before it dispatched it.
      if (list !== undefined && list.length > 0 && !internals.stopped(event)) {
        this.#innerInvoke(list, type, event);
      }
    } finally {
      internals.end(event);
    }
    return !internals.canceled(event);
  }

  #innerInvoke(list: readonly Listener[], type: string, event: Event): void {
    // Listeners that are added meanwhile do not run: the standard works on a clone.
    const clone = list.length === 1 ? list : ArrayPrototypeSlice(list);
    const { length } = clone;
    for (let index = 0; index < length && !internals.immediateStopped(event); index++) {
      const listener = clone[index] as Listener;
      if (listener.removed) {
        continue;
      }
      if (listener.once) {
        this.#remove(type, listener);
      }
      internals.setPassive(event, listener.passive);
      invokeListener(listener.callback, this, event);
      internals.setPassive(event, false);
    }
  }
}

defineInterface(EventTarget, 'EventTarget', ['addEventListener', 'removeEventListener', 'dispatchEvent']);

export const { getHandler, setHandler, dispatch } = targetInternals!;

function invokeListener(callback: Callback, target: EventTarget, event: Event): void {
  try {
    if (typeof callback === 'function') {
      ReflectApply(callback, target, [event]);
    } else {
      // The property is looked up at each call, as the standard's callback interfaces are.
      const { handleEvent } = callback;
      if (typeof handleEvent !== 'function') {
        throw new TypeErrorConstructor('EventListener.handleEvent is not a function');
      }
      ReflectApply(handleEvent, callback, [event]);
    }
  } catch (error) {
    reportException(error);
  }
}

function isCallback(value: unknown): value is Callback {
  if (value === null || value === undefined) {
    return false;
  }
  if (typeof value !== 'function' && typeof value !== 'object') {
    throw new TypeErrorConstructor(
      "Failed to execute 'addEventListener' on 'EventTarget': parameter 2 is not of type 'Object'.",
    );
  }
  return true;
}

function isEvent(value: object): value is Event {
  try {
    internals.dispatching(value as Event);
    return true;
  } catch {
    return false;
  }
}

function listenerOptions(options: unknown): Required<ListenerOptions> {
  if (typeof options !== 'object' || options === null) {
    return { capture: !!options, once: false, passive: false };
  }
  const { capture, once, passive } = options as ListenerOptions;
  return { capture: !!capture, once: !!once, passive: !!passive };
}
