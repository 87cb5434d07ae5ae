import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { OPCODES } from './frame-header.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import { SocketFault } from './socket-errors.ts';
import { TimingWheel, type Timed } from './timing-wheel.ts';

export interface LivenessOptions {
  /** Undefined: none. */
  readonly heartbeat: HeartbeatOptions | undefined;
  /** How long a connection may be without a message, in milliseconds; 0 for ever. */
  readonly idleTimeout: number;
}

/** A connection, as far as its life is looked after. */
export interface Watched {
  /** What is ended without a closing handshake, where the peer is gone. */
  readonly connection: { fail(error: Error): void };
  readonly webSocket: WebSocket;
  /** What is written to. */
  readonly socket: Socket;
  /** No message has come or gone for too long. */
  idle(): void;
}

/** The wheel turns so many times while a peer may be silent, and at least each second. */
const TICKS = 20;
const LONGEST_TICK = 1000;
const SHORTEST_TICK = 5;

/** RFC 6455, section 5.2: FIN. */
const FINAL = 0x80;

const ID_BYTES = 8;
const PING_BYTES = ID_BYTES + 4;

/**
 * Looks after the connections that a server has accepted: one timer for all of them, one frame for all that are pinged at a
 * time, and no crossing into the script.
 */
export class LivenessWatch {
  readonly #options: LivenessOptions;
  readonly #wheel: TimingWheel;
  /** By this a ping is told from those of the script. */
  readonly #id = randomBytes(ID_BYTES);
  #pingedAt = -1;
  #ping = Buffer.alloc(0);
  #sequence = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
    const { heartbeat, idleTimeout } = options;
    const shortest = Math.min(heartbeat?.interval ?? Infinity, heartbeat?.timeout ?? Infinity, idleTimeout || Infinity);
    this.#wheel = new TimingWheel(Math.max(SHORTEST_TICK, Math.min(LONGEST_TICK, Math.ceil(shortest / TICKS))));
  }

  /** How many connections are looked after. */
  get count(): number {
    return this.#wheel.count;
  }

  /** Whether connections may be too long without a message. */
  get isIdleWatched(): boolean {
    return this.#options.idleTimeout > 0;
  }

  watch(watched: Watched): Liveness | undefined {
    const { heartbeat, idleTimeout } = this.#options;
    return heartbeat === undefined && idleTimeout === 0
      ? undefined
      : new Liveness(watched, this.#options, this.#wheel, this);
  }

  /** The ping of this tick: its frame, and the number in it. */
  ping(): { readonly frame: Buffer; readonly sequence: number } {
    if (this.#pingedAt !== this.#wheel.now) {
      this.#pingedAt = this.#wheel.now;
      this.#sequence = (this.#sequence + 1) >>> 0;
      const frame = Buffer.alloc(2 + PING_BYTES);
      frame[0] = FINAL | OPCODES.ping;
      frame[1] = PING_BYTES;
      this.#id.copy(frame, 2);
      frame.writeUInt32BE(this.#sequence, 2 + ID_BYTES);
      this.#ping = frame;
    }
    return { frame: this.#ping, sequence: this.#sequence };
  }

  /** The number in a pong that answers one of these pings; undefined for another pong. */
  sequenceOf(pong: Buffer): number | undefined {
    const isOurs = pong.length === PING_BYTES && pong.subarray(0, ID_BYTES).equals(this.#id);
    return isOurs ? pong.readUInt32BE(ID_BYTES) : undefined;
  }
}

/**
 * The life of one accepted connection. It is pinged each interval, and anything that comes from it is an answer; while
 * what was written leaves, however slowly, it is no more gone than while nothing is read from it.
 */
export class Liveness implements Timed {
  slot: number | undefined;
  readonly #watched: Watched;
  readonly #options: LivenessOptions;
  readonly #wheel: TimingWheel;
  readonly #watch: LivenessWatch;
  #isReading = true;
  #nextPing: number;
  /** A ping is out, and nothing has come since; until when there is time. */
  #deadline: number | undefined;
  #taken = 0;
  #sequence = 0;
  #sentAt = 0;
  #lastMessage: number;

  /** The last round trip, in milliseconds. */
  latency: number | undefined;

  constructor(watched: Watched, options: LivenessOptions, wheel: TimingWheel, watch: LivenessWatch) {
    this.#watched = watched;
    this.#options = options;
    this.#wheel = wheel;
    this.#watch = watch;
    const now = performance.now();
    // Not a whole interval for all: those that have come together are not pinged together.
    this.#nextPing = now + (options.heartbeat?.interval ?? Infinity) * (1 + Math.random()) / 2;
    this.#lastMessage = now;
    wheel.add(this, this.#next(now));
  }

  /** A message has come or gone. */
  messaged(): void {
    this.#lastMessage = this.#wheel.now;
  }

  /** Something has come from the peer. */
  alive(): void {
    const { heartbeat } = this.#options;
    if (this.#deadline !== undefined && heartbeat !== undefined) {
      this.#deadline = undefined;
      this.#nextPing = this.#wheel.now + heartbeat.interval;
      if (this.slot !== undefined) {
        this.#wheel.add(this, this.#next(this.#wheel.now));
      }
    }
  }

  /** A pong has come. Returns whether it answers a ping of the heartbeat, which is of no interest to others. */
  pong(data: Buffer): boolean {
    const sequence = this.#watch.sequenceOf(data);
    if (sequence === this.#sequence && this.#sentAt > 0) {
      this.latency = performance.now() - this.#sentAt;
      this.#sentAt = 0;
    }
    return sequence !== undefined;
  }

  /** Nothing is read from now on: a peer whose answer is not read is not gone. */
  pause(): void {
    this.#isReading = false;
  }

  resume(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      this.alive();
    }
  }

  stop(): void {
    this.#wheel.delete(this);
  }

  due(now: number): number | undefined {
    const { heartbeat, idleTimeout } = this.#options;
    if (this.#watched.webSocket.readyState !== this.#watched.webSocket.OPEN) {
      return undefined;
    }
    if (heartbeat !== undefined && !this.#beat(now, heartbeat)) {
      this.#watched.connection.fail(new SocketFault('SocketTimeoutError', `the peer did not answer a ping within ${heartbeat.timeout} ms`));
      return undefined;
    }
    if (!this.#isReading) {
      // What is not read may have come.
      this.#lastMessage = now;
    }
    if (idleTimeout > 0 && now >= this.#idleAt) {
      this.#watched.idle();
      return undefined;
    }
    return this.#next(now);
  }

  /** Returns whether the peer may still be there. */
  #beat(now: number, { interval, timeout }: HeartbeatOptions): boolean {
    if (!this.#isReading) {
      this.#deadline = undefined;
      this.#nextPing = now + interval;
    } else if (this.#deadline !== undefined) {
      if (now >= this.#deadline) {
        const taken = takenOf(this.#watched.socket);
        if (taken <= this.#taken || this.#watched.socket.writableLength === 0) {
          return false;
        }
        this.#taken = taken;
        this.#deadline = now + timeout;
      }
    } else if (now >= this.#nextPing) {
      const { frame, sequence } = this.#watch.ping();
      this.#sequence = sequence;
      this.#sentAt = performance.now();
      this.#deadline = now + timeout;
      this.#taken = takenOf(this.#watched.socket);
      // A frame is whole: between two of ws's, and behind what was flushed.
      this.#watched.socket.write(frame);
    }
    return true;
  }

  /** The times of messages are those of ticks: one tick more, so that none is cut short. */
  get #idleAt(): number {
    const { idleTimeout } = this.#options;
    return idleTimeout === 0 ? Infinity : this.#lastMessage + idleTimeout + this.#wheel.tick;
  }

  #next(now: number): number {
    return Math.max(0, Math.min(this.#deadline ?? this.#nextPing, this.#idleAt) - now);
  }
}

/**
 * How many bytes the kernel has taken. Node counts whole writes only, and one may take minutes; libuv counts what is left of
 * it, which Node's own `socket.setTimeout` looks at too.
 */
function takenOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null };
  return handle?.bytesWritten === undefined || handle.writeQueueSize === undefined
    ? socket.bytesWritten - socket.writableLength
    : handle.bytesWritten - handle.writeQueueSize;
}
