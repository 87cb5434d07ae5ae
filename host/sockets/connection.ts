import type { Socket } from 'node:net';
import { isAscii } from 'node:buffer';
import type { WebSocket } from 'ws';
import type { MessageKind } from '../../wire/flat-writer.ts';
import type { FramedStream } from './framed-stream.ts';
import { FrameQueue, type MessageType } from './frames.ts';
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts';
import type { Liveness, LivenessWatch } from './liveness.ts';
import { PongSender } from './pong-sender.ts';
import { SocketFault, remoteHostClosed, socketFailure } from './socket-errors.ts';

/**
 * How long a peer that has broken the protocol has to take the close frame that says so, in milliseconds. RFC 6455, 7.1.7:
 * the connection may be dropped at once.
 */
const FAILED_TIMEOUT = 2000;

const NOTHING = Buffer.alloc(0);

/** What a connection tells its owner. Nothing follows `closed`. */
export interface ConnectionOwner {
  /** A message: the part of the buffer from `start` to `end`, which nobody overwrites. */
  message(connection: Connection, kind: MessageKind, data: Buffer, start: number, end: number): void;
  /** A ping, which is answered already, or a pong. */
  control(connection: Connection, type: 'ping' | 'pong', data: Buffer): void;
  opened(connection: Connection, protocol: string, extensions: string): void;
  /** The peer's close frame has come, unless it is an answer. */
  closing(connection: Connection): void;
  failed(connection: Connection, error: number, message: string): void;
  closed(connection: Connection, code: number, reason: string, wasClean: boolean): void;
}

/** What lies under a WebSocket, and looks after it. */
export interface ConnectionOptions {
  /** The largest message that is received, in bytes. */
  readonly largest: number;
  /** The stream of an accepted connection. Its frames are written here, where they are not compressed. */
  readonly accepted?: FramedStream | undefined;
  readonly heartbeat?: HeartbeatOptions | undefined;
  /** What looks after the peers of a server. */
  readonly liveness?: LivenessWatch | undefined;
}

/**
 * One WebSocket of a script, opened or accepted: a `ws` WebSocket and the TCP or TLS socket under it.
 *
 * What is sent waits for `flush`, and then reaches the kernel in one system call.
 */
export class Connection {
  id: number;
  readonly url: string;
  readonly #webSocket: WebSocket;
  #owner: ConnectionOwner;
  /** What is written to: the TCP socket of an accepted connection, else the stream over it. */
  #socket: Socket | FramedStream | undefined;
  readonly #isAccepted: boolean;
  #stream: FramedStream | undefined;
  readonly #largest: number;
  readonly #pongs: PongSender;
  readonly #heartbeatOptions: HeartbeatOptions | undefined;
  #heartbeat: Heartbeat | Liveness | undefined;
  /** Where an accepted connection may be too long without a message. */
  #idle: Liveness | undefined;
  #liveness: LivenessWatch | undefined;
  readonly #frames = new FrameQueue();
  #isCorked = false;
  #failed = false;
  /** Ends the wait for a peer that has broken the protocol. */
  #failedTimer: NodeJS.Timeout | undefined;
  /** The script has closed it: it is told no message any more. WebSockets Standard: only in the state OPEN. */
  #isClosing = false;
  /** What the kernel may not have taken yet: bytes on the wire and of payload, in turns. */
  #unsent: number[] = [];
  /** Whether messages go out compressed. Then the bytes on the wire are not known, and ws says when each has gone. */
  #compresses = false;
  #uncompressedUnsent = 0;
  /** Called when that is nothing. */
  #onSent: (() => void) | undefined;

  constructor(id: number, url: string, webSocket: WebSocket, owner: ConnectionOwner, options: ConnectionOptions) {
    this.#socket = options.accepted?.socket;
    this.#stream = options.accepted;
    this.#isAccepted = options.accepted !== undefined;
    this.#largest = options.largest;
    this.#heartbeatOptions = options.heartbeat;
    this.#liveness = options.liveness;
    this.id = id;
    this.url = url;
    this.#webSocket = webSocket;
    if (options.accepted !== undefined && webSocket.extensions !== '') {
      this.#compresses = true;
      this.#socket = options.accepted;
    }
    this.#pongs = new PongSender(webSocket);
    this.#owner = owner;
    webSocket.binaryType = 'nodebuffer';
    // Those that were compressed.
    webSocket.on('message', (data, isBinary) => {
      const bytes = data as Buffer;
      this.#message(isBinary ? 'binary' : isAscii(bytes) ? 'ascii' : 'text', bytes, 0, bytes.length);
    });
    webSocket.on('error', (error) => {
      this.#fail(error);
      this.#failedTimer ??= setTimeout(() => this.terminate(), FAILED_TIMEOUT);
    });
    webSocket.on('close', (code, reason) => this.#closed(code, reason));
  }

  /** Starts to read an accepted connection. `head`: what came with the handshake. */
  start(head: Buffer): void {
    if (this.#isAccepted) {
      this.#watch();
    }
    this.#stream?.start(
      this.#webSocket,
      head,
      { masked: this.#isAccepted, compressed: this.#compresses, largest: this.#largest },
      {
        message: (kind, data, start, end) => this.#message(kind, data, start, end),
        control: (type, data) => this.#control(type, data),
        closing: () => {
          if (!this.#isClosing) {
            this.#owner.closing(this);
          }
        },
        violation: (message) => this.#fail(new SocketFault('UnknownSocketError', message)),
        activity: () => this.#heartbeat?.alive(),
      },
    );
  }

  /** The handshake of a connection that the script opened is done. `stream`: what ws reads and writes. */
  open(stream: FramedStream): void {
    this.#socket = stream;
    this.#stream = stream;
    this.#compresses = this.#webSocket.extensions.includes('permessage-deflate');
    if (this.#heartbeatOptions !== undefined) {
      this.#heartbeat = new Heartbeat(this.#webSocket, this.#heartbeatOptions, (error) => this.fail(error));
    }
    this.#owner.opened(this, this.#webSocket.protocol, this.#webSocket.extensions);
    this.start(NOTHING);
  }

  /** Sends a message at the next `flush`: a string, or the part of the buffer from `start` to `end`. */
  send(type: MessageType, data: string | Buffer, start: number, end: number): void {
    if (this.#socket === undefined || this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    this.#idle?.messaged();
    if (this.#isAccepted && !this.#compresses) {
      this.#frames.add(type, data, start, end);
    } else {
      this.#sendByWs(this.#socket, type, typeof data === 'string' ? data : data.subarray(start, end));
    }
  }

  /** Hands what was sent to the kernel. */
  flush(): void {
    const socket = this.#socket;
    if (socket === undefined) {
      return;
    }
    if (this.#isCorked) {
      this.#isCorked = false;
      socket.uncork();
    }
    const { length, payload } = this.#frames;
    if (length === 0) {
      return;
    }
    const chunks = this.#frames.take();
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    this.#unsent.push(length, payload);
    if (chunks.length === 1) {
      socket.write(chunks[0] as Uint8Array);
      return;
    }
    socket.cork();
    for (const chunk of chunks) {
      socket.write(chunk);
    }
    socket.uncork();
  }

  /** Sends a ping, after what was sent. */
  ping(data: Uint8Array): void {
    this.flush();
    if (this.#webSocket.readyState === this.#webSocket.OPEN) {
      this.#webSocket.ping(data);
    }
  }

  /** The last round trip of a heartbeat's ping, in milliseconds; undefined where there was none. */
  get latency(): number | undefined {
    return this.#heartbeat?.latency;
  }

  /** Starts the closing handshake, after what was sent. Code 0: without a code. */
  close(code: number, reason: string): void {
    this.flush();
    this.#isClosing = true;
    // The peer's answer comes behind what it has sent before.
    this.#heartbeat?.resume();
    this.#stream?.release();
    if (code === 0) {
      this.#webSocket.close();
    } else {
      this.#webSocket.close(code, reason);
    }
  }

  /** Cuts the connection without a closing handshake. */
  terminate(): void {
    this.#webSocket.terminate();
  }

  /** Ends the connection for this reason, without a closing handshake. */
  fail(error: Error): void {
    this.#fail(error);
    this.terminate();
  }

  /** Whether it was closed from here. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Gives it to another owner, who knows it by this number, and to what looks after its peer from now on. */
  handOver(id: number, owner: ConnectionOwner, liveness = this.#liveness): void {
    this.id = id;
    this.#owner = owner;
    if (liveness !== this.#liveness) {
      this.#liveness = liveness;
      this.#watch();
    }
  }

  /** Tells nothing more, from the next message on, and stops reading, so that the peer has to wait. */
  pause(): void {
    if (!this.#isClosing) {
      this.#heartbeat?.pause();
      this.#stream?.hold();
    }
  }

  resume(): void {
    this.#heartbeat?.resume();
    this.#stream?.release();
  }

  /**
   * The payload bytes that the kernel has not taken: WebSockets Standard, `bufferedAmount`, without the framing. ws
   * knows only the bytes on the wire, so the sizes of the last messages are kept until these have gone.
   */
  get bufferedAmount(): number {
    if (this.#compresses) {
      return this.#uncompressedUnsent;
    }
    const onTheWire = this.#socket?.writableLength ?? 0;
    if (onTheWire === 0) {
      this.#unsent.length = 0;
      return 0;
    }
    let covered = 0;
    let payload = 0;
    let at = this.#unsent.length;
    while (at > 0 && covered < onTheWire) {
      at -= 2;
      covered += this.#unsent[at] as number;
      payload += this.#unsent[at + 1] as number;
    }
    this.#unsent = this.#unsent.slice(at);
    return payload;
  }

  /**
   * Calls back, once, when the kernel has taken all that was sent and flushed: now, where it has already; never, where the
   * connection ends before. A second call, before the first one was answered, takes its place.
   */
  whenSent(callback: () => void): void {
    const socket = this.#socket;
    if (this.#compresses) {
      if (this.#uncompressedUnsent === 0) {
        callback();
      } else {
        this.#onSent = callback;
      }
      return;
    }
    if (socket === undefined || socket.writableLength === 0) {
      callback();
    } else if (socket.writable) {
      // The socket's `drain` would not do, as it comes only where much was waiting; nothing at all, written behind
      // the rest, is done when the rest is. More may have been sent by then.
      socket.write(NOTHING, (error) => {
        if (error === undefined || error === null) {
          this.whenSent(callback);
        }
      });
    }
  }

  /** ws masks a client's frames, and compresses. */
  #sendByWs(socket: Socket | FramedStream, type: MessageType, data: string | Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
    }
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    const binary = type === 'sendBinary';
    if (this.#compresses) {
      this.#uncompressedUnsent += length;
      this.#webSocket.send(data, { binary, compress: true }, () => {
        this.#uncompressedUnsent -= length;
        const onSent = this.#onSent;
        if (this.#uncompressedUnsent === 0 && onSent !== undefined) {
          this.#onSent = undefined;
          onSent();
        }
      });
    } else {
      this.#unsent.push(length + headerLength(length), length);
      this.#webSocket.send(data, { binary, compress: false });
    }
  }

  #message(kind: MessageKind, data: Buffer, start: number, end: number): void {
    this.#idle?.messaged();
    if (!this.#isClosing) {
      this.#owner.message(this, kind, data, start, end);
    }
  }

  /** Has the server look after the peer. */
  #watch(): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    this.#heartbeat?.stop();
    const { isIdleWatched } = this.#liveness ?? {};
    const liveness = this.#liveness?.watch({
      connection: this,
      webSocket: this.#webSocket,
      socket: (this.#stream as FramedStream).socket,
      idle: () => {
        this.#owner.closing(this);
        this.close(1001, 'Idle timeout.');
      },
    });
    this.#heartbeat = liveness;
    this.#idle = isIdleWatched === true ? liveness : undefined;
  }

  #control(type: 'ping' | 'pong', data: Buffer): void {
    if (type === 'ping') {
      this.#pongs.answer(data);
    } else if (this.#heartbeat?.pong(data) === true) {
      return;
    }
    if (!this.#isClosing) {
      this.#owner.control(this, type, data);
    }
  }

  #fail(error: unknown): void {
    if (!this.#failed) {
      this.#failed = true;
      const failure = socketFailure(error, this.url);
      this.#owner.failed(this, failure.error, failure.message);
    }
  }

  #closed(code: number, reason: Buffer): void {
    this.#heartbeat?.stop();
    clearTimeout(this.#failedTimer);
    // RFC 6455, 7.1.5: 1006 where no close frame was received.
    const wasClean = code !== 1006;
    if (!wasClean && !this.#failed) {
      this.#failed = true;
      const failure = remoteHostClosed(this.url);
      this.#owner.failed(this, failure.error, failure.message);
    }
    this.#owner.closed(this, code, reason.toString(), wasClean);
  }
}

/** RFC 6455, 5.2: the header of a client's frame, with its mask. */
function headerLength(length: number): number {
  return length < 126 ? 6 : length < 65_536 ? 8 : 14;
}
