import { ObjectDefineProperty, ObjectGetOwnPropertyDescriptor, ReflectApply } from './primordials.ts';
import { dialect } from './settings.ts';
import type { Event } from './web/event.ts';
import { getHandler, setHandler, type EventTarget, type HandlerInvoker } from './web/event-target.ts';

/** In the `overte` dialect, `onerror` is called with the SocketError number first. */
const invokeOnError: HandlerInvoker = (handler, target, event) =>
  ReflectApply(handler, target, dialect() === 'overte' ? [(event as Event & { error?: number }).error, event] : [event]);

/**
 * HTML, "event handler IDL attributes", for the events of a WebSocket.
 *
 * @param check throws where `this` is no object of the class
 * @param invokeError how the value of `onerror` is called; by default as Overte calls that of a WebSocket
 */
export function defineHandlerAttributes(
  prototype: object,
  types: readonly string[],
  check: (value: unknown) => EventTarget,
  invokeError: HandlerInvoker | undefined = invokeOnError,
): void {
  for (let index = 0; index < types.length; index++) {
    const type = types[index] as string;
    const name = `on${type}`;
    const invoke = type === 'error' ? invokeError : undefined;
    // A literal, so that the functions are called `get onopen` and `set onopen`, and cannot be constructed.
    const holder = {
      get [name](): unknown {
        return getHandler(check(this), type);
      },
      set [name](value: unknown) {
        setHandler(check(this), type, value, invoke);
      },
    };
    const descriptor = ObjectGetOwnPropertyDescriptor(holder, name) as PropertyDescriptor;
    ObjectDefineProperty(prototype, name, { ...descriptor, enumerable: true, configurable: true });
  }
}
