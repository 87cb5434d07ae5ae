/** The global object as a target of events: HTML, "report an exception" and "notify about rejected promises". */
/// <reference path="./error-event.d.ts" />

interface GlobalEventMap {
  /** A callback has thrown and nothing has caught it. `preventDefault()` stops the report to the host. */
  error: ErrorEvent;
  /** A promise was rejected and nothing handles it. `preventDefault()` stops the report to the host. */
  unhandledrejection: PromiseRejectionEvent;
}

declare function addEventListener<Type extends keyof GlobalEventMap>(
  type: Type,
  callback: ((this: typeof globalThis, event: GlobalEventMap[Type]) => any) | { handleEvent(event: GlobalEventMap[Type]): any } | null,
  options?: AddEventListenerOptions | boolean,
): void;
declare function addEventListener(
  type: string,
  callback: ((this: typeof globalThis, event: Event) => any) | { handleEvent(event: Event): any } | null,
  options?: AddEventListenerOptions | boolean,
): void;
declare function removeEventListener<Type extends keyof GlobalEventMap>(
  type: Type,
  callback: ((this: typeof globalThis, event: GlobalEventMap[Type]) => any) | { handleEvent(event: GlobalEventMap[Type]): any } | null,
  options?: EventListenerOptions | boolean,
): void;
declare function removeEventListener(
  type: string,
  callback: ((this: typeof globalThis, event: Event) => any) | { handleEvent(event: Event): any } | null,
  options?: EventListenerOptions | boolean,
): void;
/** @returns false if a listener has called `preventDefault()` */
declare function dispatchEvent(event: Event): boolean;

/** HTML, "OnErrorEventHandlerNonNull": return true to stop the report to the host. */
declare var onerror: ((message: string, filename: string, lineno: number, colno: number, error: any) => any) | null;
declare var onunhandledrejection: ((this: typeof globalThis, event: PromiseRejectionEvent) => any) | null;
