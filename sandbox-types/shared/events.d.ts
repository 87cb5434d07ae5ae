/** Events, as far as a socket needs them: DOM Standard, section 2; HTML, "MessageEvent"; WebSockets Standard, section 6. */

interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

/**
 * Something that happened to an EventTarget. DOM Standard, section 2.2.
 *
 * There is no tree of targets here: an event is at its target while it is dispatched (`eventPhase` 2), and otherwise
 * nowhere (0). It does not bubble, whatever `bubbles` says.
 */
declare class Event {
  static readonly NONE: 0;
  static readonly CAPTURING_PHASE: 1;
  static readonly AT_TARGET: 2;
  static readonly BUBBLING_PHASE: 3;
  readonly NONE: 0;
  readonly CAPTURING_PHASE: 1;
  readonly AT_TARGET: 2;
  readonly BUBBLING_PHASE: 3;

  /** @throws TypeError without a type, or where `init` is not an object */
  constructor(type: string, init?: EventInit | null);

  readonly type: string;
  /** What it was last dispatched to; null before that. */
  readonly target: EventTarget | null;
  /** @deprecated The old name of `target`. */
  readonly srcElement: EventTarget | null;
  /** `target` while the event is dispatched, otherwise null. */
  readonly currentTarget: EventTarget | null;
  readonly eventPhase: number;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly composed: boolean;
  /** Whether `preventDefault` took effect: only on a cancelable event, and not in a passive listener. */
  readonly defaultPrevented: boolean;
  /** True for what the host brought about, false for what a script dispatched. A property of the event itself. */
  readonly isTrusted: boolean;
  /** When the event was made, or its turn began: milliseconds since the script started. */
  readonly timeStamp: number;
  /** @deprecated Setting it to true is `stopPropagation()`. */
  cancelBubble: boolean;
  /** @deprecated The opposite of `defaultPrevented`; setting it to false is `preventDefault()`. */
  returnValue: boolean;

  /** The target while the event is dispatched, otherwise nothing. */
  composedPath(): EventTarget[];
  preventDefault(): void;
  stopPropagation(): void;
  /** Keeps the listeners that have not run yet from running. */
  stopImmediatePropagation(): void;
  /** @deprecated Makes it another event that was never dispatched; does nothing while it is dispatched. */
  initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void;
}

/** A listener as a function, whose `this` is the target, or as an object with a method `handleEvent`. */
type EventListenerOrObject<Target, Kind extends Event> =
  | ((this: Target, event: Kind) => unknown)
  | { handleEvent(event: Kind): unknown };

interface EventListenerOptions {
  /** Tells two listeners with the same callback apart; it changes nothing else here. Default: false. */
  capture?: boolean;
}

interface AddEventListenerOptions extends EventListenerOptions {
  /** Removes the listener before its first call. Default: false. */
  once?: boolean;
  /** `preventDefault` has no effect in it. Default: false. */
  passive?: boolean;
  /** An AbortSignal: when it is aborted, the listener is removed; where it is already, none is added. */
  signal?: EventTarget & { readonly aborted: boolean };
}

/**
 * What events are dispatched to. DOM Standard, section 2.7. An exception of one listener is reported as an uncaught
 * error of the script, and the other listeners still run.
 *
 * `Events`: the events that it is known to get, by their types.
 */
declare class EventTarget<Events extends object = {}> {
  constructor();

  /** Adding the same callback for the same type and `capture` again changes nothing; null is ignored. */
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    callback: EventListenerOrObject<this, Events[Type] & Event> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;
  addEventListener(
    type: string,
    callback: EventListenerOrObject<this, Event> | null,
    options?: AddEventListenerOptions | boolean,
  ): void;

  removeEventListener<Type extends keyof Events & string>(
    type: Type,
    callback: EventListenerOrObject<this, Events[Type] & Event> | null,
    options?: EventListenerOptions | boolean,
  ): void;
  removeEventListener(
    type: string,
    callback: EventListenerOrObject<this, Event> | null,
    options?: EventListenerOptions | boolean,
  ): void;

  /**
   * Runs the listeners at once. Returns false where one of them canceled the event.
   *
   * @throws DOMException InvalidStateError where the event is being dispatched already
   */
  dispatchEvent(event: Event): boolean;
}

interface MessageEventInit<Data = unknown> extends EventInit {
  /** Default: null. */
  data?: Data;
  origin?: string;
  lastEventId?: string;
  /** There are no windows here. */
  source?: null;
  /** There are no message ports here. */
  ports?: readonly never[];
}

/** HTML Standard, "The MessageEvent interface". */
declare class MessageEvent<Data = unknown> extends Event {
  constructor(type: string, init?: MessageEventInit<Data> | null);

  /** Of a socket's message: a string for text; for binary, what the socket's `binaryType` says. */
  readonly data: Data;
  /** Of a socket's message: the scheme, host and port of the socket's `url`. */
  readonly origin: string;
  readonly lastEventId: string;
  /** There are no message ports here. */
  readonly source: null;
  readonly ports: readonly never[];

  /** @deprecated Makes it another event, as `initEvent` does. */
  initMessageEvent(
    type: string,
    bubbles?: boolean,
    cancelable?: boolean,
    data?: Data,
    origin?: string,
    lastEventId?: string,
    source?: null,
    ports?: readonly never[],
  ): void;
}

interface CloseEventInit extends EventInit {
  wasClean?: boolean;
  code?: number;
  reason?: string;
}

/** WebSockets Standard, section 6, "The CloseEvent interface". */
declare class CloseEvent extends Event {
  constructor(type: string, init?: CloseEventInit | null);

  /** Whether the connection ended with a closing handshake. */
  readonly wasClean: boolean;
  /** RFC 6455, section 7.4: the peer's code; 1005 where it gave none, 1006 where the connection broke off. */
  readonly code: number;
  /** The peer's words, at most 123 bytes of UTF-8. */
  readonly reason: string;
}
