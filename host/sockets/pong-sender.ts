import type { WebSocket } from 'ws';

/** How much may wait to be written before pings are answered with one pong, in bytes. */
const BACKLOG = 64 * 1024;

/**
 * Answers pings. RFC 6455, section 5.5.3: a peer that pings faster than it reads is answered the last of its pings; else the
 * pongs that it does not read would use up the host's memory.
 */
export class PongSender {
  readonly #webSocket: WebSocket;
  /** Pongs that the kernel has not taken. */
  #underWay = 0;
  #last: Buffer | undefined;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
  }

  answer(ping: Buffer): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      return;
    }
    if (this.#underWay > 0 && this.#webSocket.bufferedAmount > BACKLOG) {
      this.#last = ping;
      return;
    }
    this.#underWay++;
    this.#webSocket.pong(ping, undefined, () => {
      this.#underWay--;
      const last = this.#last;
      if (this.#underWay === 0 && last !== undefined) {
        this.#last = undefined;
        this.answer(last);
      }
    });
  }
}
