/// <reference path="./server-requests.d.ts" />
/// <reference path="./websocket.d.ts" />

/**
 * A WebSocket that a `WebSocketServer` has accepted. It is open from the start. Scripts cannot make one. Not in browsers.
 */
declare class ServerWebSocket extends WebSocket {
  private constructor();

  /** The client's IP address, or that of the proxy before it: `127.0.0.1`, `::1`. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The handshake's request, as `onupgrade` gets it. It is answered. */
  readonly request: UpgradeRequest;
  /**
   * The last round trip of the heartbeat, in milliseconds; null before the first one, without a heartbeat, and when the
   * socket is closed. The host is asked each time, and the script waits for it.
   */
  readonly latency: number | null;

  /**
   * A value that the host keeps with the connection; undefined for none. Reading gives a copy, which has to be set again
   * when it has been changed. It may be whatever `structuredClone` takes but for errors and Blobs: text, numbers,
   * plain objects, arrays, `Map`, `Set`, `Date`, bytes, and cycles among them. Its type is for the script to know: `any`.
   *
   * @throws DOMException DataCloneError for anything else
   * @throws RangeError where it takes more bytes than the limit `attachmentBytes`
   */
  attachment: any;

  /**
   * After each turn that has sent something on this socket: the system has taken all of it, and `bufferedAmount` is 0. Told
   * from the turn on in which it is listened for.
   */
  ondrain: ((this: ServerWebSocket, event: Event) => unknown) | null;

  /** Cuts the connection, without a closing handshake: `close` comes with 1006. */
  terminate(): void;

  /**
   * From now on this socket gets what its server, or another of its sockets, publishes under the topic. A socket that
   * closes leaves its topics.
   *
   * @throws TypeError for an empty topic, RangeError for one that is longer than the limit `topicLength`
   * @throws Error at the limits `topicsPerSocket` and `subscriptions`
   */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  isSubscribed(topic: string): boolean;

  /**
   * Sends a message to all sockets of the same server that subscribe to the topic, but for this one, which may be closed: in
   * its `onclose` the others get it. As `server.broadcast`.
   */
  publish(topic: string, data: string | ArrayBuffer | ArrayBufferView | Blob): void;
}
