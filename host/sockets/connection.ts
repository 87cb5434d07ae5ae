import type { Socket } from 'node:net';
import { isAscii } from 'node:buffer';
import type { WebSocket } from 'ws';
import type { MessageKind } from '../../wire/flat-writer.ts';
import type { FramedStream } from './framed-stream.ts';
import { Backlog } from './backlog.ts';
import type { ConnectionOptions, ConnectionOwner } from './connection-owner.ts';
import { FrameQueue, type MessageType } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Liveness, LivenessWatch } from './liveness.ts';
import { PongSender } from './pong-sender.ts';
import type { SharedMessage } from './shared-frames.ts';
import { READS_TOO_SLOWLY, TRY_AGAIN_LATER, WRITE_BYTES, readsTooSlowly, type SendLimit } from './slow-readers.ts';
import { SocketFault, remoteHostClosed, socketFailure } from './socket-errors.ts';
import { Unsent, whenWritten } from './unsent.ts';
import { WsSender } from './ws-sender.ts';

/** How long a peer that has broken the protocol has to take the close frame, in milliseconds. RFC 6455, 7.1.7: as one likes. */
const FAILED_TIMEOUT = 2000;

const NOTHING = Buffer.alloc(0);

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
  readonly #options: ConnectionOptions;
  readonly #pongs: PongSender;
  #heartbeat: Heartbeat | Liveness | undefined;
  /** Where an accepted connection may be too long without a message. */
  #idle: Liveness | undefined;
  #liveness: LivenessWatch | undefined;
  readonly #frames = new FrameQueue();
  /** Of an accepted connection that drops messages: all of them go through here. */
  readonly #backlog: Backlog | undefined;
  /** What had waited before the batch of messages that is being sent. */
  #waitedBefore = 0;
  /** The script's pings that the kernel has not taken. */
  #pings = 0;
  readonly #pingSent = (): void => void this.#pings--;
  #isTooSlow = false;
  #isCorked = false;
  #isPaused = false;
  #failed = false;
  /** Ends the wait for a peer that has broken the protocol. */
  #failedTimer: NodeJS.Timeout | undefined;
  /** The script has closed it: it is told no message any more. WebSockets Standard: only in the state OPEN. */
  isClosing = false;
  readonly #unsent = new Unsent();
  /** What sends messages that are masked or compressed; the others are framed here. */
  #sender: WsSender | undefined;

  constructor(id: number, url: string, webSocket: WebSocket, owner: ConnectionOwner, options: ConnectionOptions) {
    this.#socket = options.accepted?.socket;
    this.#stream = options.accepted;
    this.#isAccepted = options.accepted !== undefined;
    this.#options = options;
    this.#liveness = options.liveness;
    this.id = id;
    this.url = url;
    this.#webSocket = webSocket;
    if (options.accepted !== undefined && webSocket.extensions !== '') {
      this.#sender = new WsSender(webSocket, this.#unsent);
      this.#socket = options.accepted;
    } else if (options.accepted !== undefined && options.sendLimit !== undefined && options.sendLimit.policy !== 'close') {
      this.#backlog = new Backlog(options.accepted.socket, options.sendLimit);
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
    this.#watch();
    if (this.#isPaused) {
      this.pause();
    }
    this.#stream?.start(
      this.#webSocket,
      head,
      { masked: this.#isAccepted, compressed: this.#sender?.compresses === true, largest: this.#options.largest },
      {
        message: (kind, data, start, end) => this.#message(kind, data, start, end),
        control: (type, data) => this.#control(type, data),
        reserve: (bytes) => this.#owner.reserve(this, bytes),
        release: () => this.#owner.release(this),
        closing: () => this.isClosing || this.#owner.closing(this),
        violation: (message) => this.#fail(new SocketFault('UnknownSocketError', message)),
        activity: () => this.#heartbeat?.alive(),
      },
    );
  }

  /** The handshake of a connection that the script opened is done. `stream`: what ws reads and writes. */
  open(stream: FramedStream): void {
    this.#socket = stream;
    this.#stream = stream;
    this.#sender = new WsSender(this.#webSocket, this.#unsent);
    const { heartbeat } = this.#options;
    if (heartbeat !== undefined) {
      this.#heartbeat = new Heartbeat(this.#webSocket, heartbeat, (error) => this.fail(error));
    }
    this.#owner.opened(this, this.#webSocket.protocol, this.#webSocket.extensions);
    this.start(NOTHING);
  }

  /**
   * Sends a message at the next `flush`: a string, or the part of the buffer from `start` to `end`. Returns whether it refers to
   * the buffer from now on.
   */
  send(type: MessageType, data: string | Buffer, start: number, end: number): boolean {
    if (this.#socket === undefined || this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return false;
    }
    this.#idle?.messaged();
    if (this.#sender !== undefined) {
      this.#sendByWs(this.#sender, this.#socket, type, typeof data === 'string' ? data : data.subarray(start, end));
      return true;
    }
    const isKept = this.#frames.add(type, data, start, end);
    if (this.#backlog !== undefined) {
      const { length, payload } = this.#frames;
      this.#backlog.add(this.#frames.take(), length, payload);
    }
    return isKept;
  }

  /** The same with a message that goes to others as well. Returns false where its frame is its own: masked or compressed. */
  sendShared(message: SharedMessage): boolean {
    if (this.#sender !== undefined) {
      this.send(message.type, message.data, 0, message.data.length);
      return false;
    }
    if (this.#webSocket.readyState === this.#webSocket.OPEN) {
      this.#idle?.messaged();
      if (this.#backlog === undefined) {
        this.#frames.addShared(message.run, message.from, message.to, message.payload);
      } else {
        this.#backlog.add([message.frame], message.frame.length, message.payload);
      }
    }
    return true;
  }

  /** Hands what was sent to the kernel. Returns how many bytes that is. */
  flush(): number {
    const socket = this.#socket;
    if (socket === undefined) {
      return 0;
    }
    this.#backlog?.flush();
    if (this.#isCorked) {
      this.#isCorked = false;
      if (this.#waitedBefore > 0 && this.#isTooMuch(this.#waiting)) {
        this.#endSlowReader();
      }
      socket.uncork();
      return socket.writableLength;
    }
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      this.#frames.take();
    }
    const { length, payload } = this.#frames;
    if (length === 0) {
      return 0;
    }
    const waited = socket.writableLength;
    if (waited > 0 && this.#isTooMuch(waited + length)) {
      this.#endSlowReader();
      return 0;
    }
    this.#unsent.add(length, payload);
    this.#frames.writeTo(socket);
    return length;
  }

  /** Sends a ping, after what was sent. */
  ping(data: Uint8Array): void {
    this.flush();
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    if (this.#backlog === undefined && this.#isTooMuch(this.#waiting)) {
      this.#endSlowReader();
    } else if (this.#backlog === undefined || !this.isBackpressured) {
      this.#pings++;
      this.#webSocket.ping(data, undefined, this.#pingSent);
    }
  }

  /** The last round trip of a heartbeat's ping, in milliseconds; undefined where there was none. */
  get latency(): number | undefined {
    return this.#heartbeat?.latency;
  }

  /** Starts the closing handshake, after what was sent. Code 0: without a code. */
  close(code: number, reason: string): void {
    this.flush();
    this.#backlog?.finish();
    this.isClosing = true;
    // The peer's answer comes behind what it has sent before.
    this.#heartbeat?.resume();
    this.#stream?.release();
    this.#webSocket.close(code === 0 ? undefined : code, reason);
  }

  /** Cuts the connection without a closing handshake. That is no failure, unless there was one before. */
  terminate(): void {
    this.#failed = true;
    this.#webSocket.terminate();
  }

  /** Ends the connection for this reason, without a closing handshake. */
  fail(error: Error): void {
    this.#fail(error);
    this.terminate();
  }

  /** Gives it to another owner, who knows it by this number, and to what looks after its peer from now on. */
  handOver(id: number, owner: ConnectionOwner, liveness = this.#liveness): void {
    this.id = id;
    this.#owner = owner;
    this.#stream?.moveRoom();
    if (liveness !== this.#liveness) {
      this.#liveness = liveness;
      this.#watch();
    }
  }

  /** There is room for its message. */
  readonly roomAgain = (): void => this.#stream?.roomAgain();

  /** Tells nothing more, from the next message on, and stops reading, so that the peer has to wait. */
  pause(): void {
    if (!this.isClosing) {
      this.#isPaused = true;
      this.#heartbeat?.pause();
      this.#stream?.hold();
    }
  }

  resume(): void {
    this.#isPaused = false;
    this.#heartbeat?.resume();
    this.#stream?.release();
  }

  /** The payload bytes that the kernel has not taken: WebSockets Standard, `bufferedAmount`, without the framing. */
  get bufferedAmount(): number {
    if (this.#sender?.compresses === true) {
      return this.#sender.bytes;
    }
    if (this.#backlog !== undefined) {
      return this.#backlog.payload;
    }
    return this.#unsent.payload(this.#socket?.writableLength ?? 0);
  }

  /** Whether the kernel has not taken all that was sent. */
  get isBackpressured(): boolean {
    return this.#waiting > 0 || (this.#backlog?.payload ?? 0) > 0;
  }

  /**
   * Calls back, once, when the kernel has taken all that was sent and flushed: now, where it has already; never, where the
   * connection ends before. A second call, before the first one was answered, takes its place.
   */
  whenSent(callback: () => void): void {
    if (this.#sender?.compresses === true) {
      this.#sender.whenSent(callback);
    } else if (this.#backlog !== undefined) {
      this.#backlog.whenSent(callback);
    } else {
      // More may have been sent by then.
      whenWritten(this.#socket, () => this.whenSent(callback), callback);
    }
  }

  #sendByWs(sender: WsSender, socket: Socket | FramedStream, type: MessageType, data: string | Buffer): void {
    const limit = this.#options.sendLimit;
    if (this.#isAccepted && limit !== undefined && limit.policy !== 'close' && this.#waiting > 0 && this.#isTooMuch(this.#waiting + data.length)) {
      // What ws compresses, it has for good: the new one is dropped, not the oldest.
      limit.counts.messagesDropped++;
      return;
    }
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#waitedBefore = this.#waiting;
      socket.cork();
    }
    sender.send(type, data, this.#isAccepted ? undefined : socket);
  }

  /** The bytes that the kernel has not taken. */
  get #waiting(): number {
    return Math.max(this.#socket?.writableLength ?? 0, this.#sender?.bytes ?? 0);
  }

  #isTooMuch(bytes: number): boolean {
    const limit = this.#options.sendLimit;
    const writes = this.#unsent.writes + this.#pings + (this.#sender?.messages ?? 0);
    return limit !== undefined && bytes + writes * WRITE_BYTES > limit.bytes;
  }

  /** What it does not read must not use up the host's memory. */
  #endSlowReader(): void {
    const { bytes, counts } = this.#options.sendLimit as SendLimit;
    counts.slowReadersClosed++;
    const fault = new SocketFault('SocketResourceError', readsTooSlowly(bytes));
    if (!this.#isAccepted) {
      return this.fail(fault);
    }
    this.#isTooSlow = true;
    this.#fail(fault);
    this.#frames.take();
    this.close(TRY_AGAIN_LATER, READS_TOO_SLOWLY);
    this.#failedTimer ??= setTimeout(() => this.terminate(), FAILED_TIMEOUT);
  }

  #message(kind: MessageKind, data: Buffer, start: number, end: number): void {
    this.#idle?.messaged();
    if (!this.isClosing) {
      this.#owner.message(this, kind, data, start, end);
    }
  }

  /** Has the server look after the peer. */
  #watch(): void {
    if (!this.#isAccepted || this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    this.#heartbeat?.stop();
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
    this.#idle = this.#liveness?.isIdleWatched === true ? liveness : undefined;
  }

  #control(type: 'ping' | 'pong', data: Buffer): void {
    if (type === 'ping') {
      this.#pongs.answer(data);
    } else if (this.#heartbeat?.pong(data) === true) {
      return;
    }
    if (!this.isClosing) {
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
    const told = this.#isTooSlow ? ([TRY_AGAIN_LATER, READS_TOO_SLOWLY] as const) : ([code, reason.toString()] as const);
    this.#owner.closed(this, ...told, wasClean);
  }
}
