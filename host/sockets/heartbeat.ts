import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { SocketFault } from './socket-errors.ts';

/** The longest time that a Node timer takes, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

export interface HeartbeatOptions {
  /** The time between two pings, in milliseconds. */
  readonly interval: number;
  /** The time that the peer has to answer one, in milliseconds. */
  readonly timeout: number;
}

/**
 * A timer that is late by so much of its time tells that the process has stood still: suspended, or kept busy. What came
 * meanwhile is to be read, and what was to leave is to leave, before the peer is taken for silent.
 */
const STOOD_STILL = 1.25;

/** A ping that is told from those of the script by what it carries. */
const PAYLOAD_BYTES = 12;

/**
 * Pings a peer from time to time, without the script: one that does not answer is gone, whatever TCP believes. Anything
 * that comes from the peer counts as an answer.
 */
export class Heartbeat {
  readonly #webSocket: WebSocket;
  readonly #options: HeartbeatOptions;
  readonly #onDead: (error: Error) => void;
  readonly #payload = randomBytes(PAYLOAD_BYTES);
  #timer: NodeJS.Timeout | undefined;
  #isReading = true;
  #isStopped = false;
  /** A ping is out, and nothing has come since. */
  #awaits = false;
  #sentAt = 0;

  /** The last round trip, in milliseconds. */
  latency: number | undefined;

  /** @param onDead called once, when the peer has not answered in time */
  constructor(webSocket: WebSocket, options: HeartbeatOptions, onDead: (error: Error) => void) {
    this.#webSocket = webSocket;
    this.#options = options;
    this.#onDead = onDead;
    this.#wait();
  }

  /** Something has come from the peer. */
  alive(): void {
    if (this.#awaits) {
      this.#wait();
    }
  }

  /** A pong has come. Returns whether it answers a ping of the heartbeat, which is of no interest to others. */
  pong(data: Buffer): boolean {
    const isOurs = data.equals(this.#payload);
    if (isOurs) {
      this.latency = performance.now() - this.#sentAt;
    }
    return isOurs;
  }

  /** Nothing is read from now on: a peer whose answer is not read is not gone. */
  pause(): void {
    this.#isReading = false;
    clearTimeout(this.#timer);
  }

  resume(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      this.#wait();
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#awaits = false;
    if (this.#isReading && !this.#isStopped) {
      this.#timer = setTimeout(() => this.#ping(), this.#options.interval);
    }
  }

  #ping(): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    this.#awaits = true;
    this.#sentAt = performance.now();
    this.#webSocket.ping(this.#payload);
    this.#expect();
  }

  /** Waits for an answer as long as the peer has. */
  #expect(): void {
    const { timeout } = this.#options;
    const began = performance.now();
    this.#timer = setTimeout(() => {
      if (performance.now() - began > timeout * STOOD_STILL) {
        this.#expect();
        return;
      }
      // Timers run before sockets are read.
      setImmediate(() => {
        if (this.#awaits && this.#isReading && !this.#isStopped) {
          this.#onDead(new SocketFault('SocketTimeoutError', `the peer did not answer a ping within ${timeout} ms`));
        }
      });
    }, timeout);
  }
}
