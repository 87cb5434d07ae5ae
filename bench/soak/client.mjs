/**
 * A well-behaved client: it sends numbered messages to an echo server and checks that each comes back once and in order.
 * What was under way when the server's cell was killed, or the connection was cut, may be missing.
 */
import { WebSocket } from 'ws';

/** How long an echo may take on a machine that does much else, in milliseconds. */
export const PATIENCE = 15_000;

/** Why a connection ended. `peer`: by the other side, which must have a reason that its script knows. */
export class CheckedClient {
  sent = 0;
  echoed = 0;
  /** Messages of which no echo came, for a reason that excuses it. */
  lost = 0;
  /** Resolves with how it ended: `{ how, waiting }`. */
  closed;
  #id;
  #random;
  #socket;
  #violation;
  /** Whether the script's cell has died since a time. */
  #hasDiedSince;
  /** What has not come back, oldest first: `{ text, at, isBinary }`. */
  #waiting = [];
  /** What this side did to end the connection. */
  #cut;
  #isSending = true;

  /**
   * @param violation called with what went wrong
   * @param hasDiedSince resolves with whether the server's cell has died since a time, or its script has ended; given
   *   whether the connection is over, of which the news may have come before
   */
  constructor({ hasDiedSince, id, port, random, violation }) {
    this.#id = id;
    this.#random = random;
    this.#violation = violation;
    this.#hasDiedSince = hasDiedSince;
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    const opened = new Promise((resolve) => this.#socket.on('open', () => resolve(true)));
    this.#socket.on('error', () => {});
    this.#socket.on('message', (data, isBinary) => this.#received(data.toString(), isBinary));
    this.closed = new Promise((resolve) => this.#socket.on('close', (code) => resolve(this.#ended(code))));
    this.opened = Promise.race([opened, this.closed.then(() => false)]);
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN && this.#cut === undefined;
  }

  /** Milliseconds that the oldest message waits for its echo; 0 where none does. */
  get waitingFor() {
    return this.#waiting.length === 0 ? 0 : Date.now() - this.#waiting[0].at;
  }

  /** Sends some messages, texts and bytes, of sizes of all kinds. */
  sendSome() {
    if (!this.isOpen || !this.#isSending || this.#waiting.length > 200) {
      return;
    }
    for (let left = this.#random.integer(1, 20); left > 0; left--) {
      const size = this.#random.chance(0.02) ? this.#random.integer(50_000, 200_000) : this.#random.integer(0, 2000);
      const text = `${this.#id} ${this.sent++} ${'x'.repeat(size)}`;
      const isBinary = this.#random.chance(0.3);
      this.#waiting.push({ text, at: Date.now(), isBinary });
      this.#socket.send(isBinary ? Buffer.from(text) : text);
    }
  }

  /** Sends what the script obeys. */
  command(text) {
    if (this.isOpen) {
      this.#cut = text;
      this.#socket.send(text);
    }
  }

  /** Ends the connection: `reset` by a TCP reset, `destroy` without a closing handshake, `close` after the last echo. */
  cut(how) {
    if (!this.isOpen) {
      return;
    }
    if (how === 'close') {
      this.#isSending = false;
      this.#closeWhenEmpty();
      return;
    }
    this.#cut = how;
    if (how === 'reset') {
      this.#socket._socket.resetAndDestroy();
    } else {
      this.#socket.terminate();
    }
  }

  #closeWhenEmpty() {
    if (this.#waiting.length === 0 && !this.#isSending && this.#cut === undefined) {
      this.#cut = 'close';
      this.#socket.close(1000);
    }
  }

  #received(text, isBinary) {
    const index = this.#waiting.findIndex((message) => message.text === text && message.isBinary === isBinary);
    if (index === -1) {
      const shown = text.slice(0, 40);
      this.#violation(`${this.#id} got '${shown}', which it has not sent, or has got before, or after a later one`);
      return;
    }
    this.echoed++;
    const skipped = this.#waiting.splice(0, index + 1).slice(0, -1);
    if (skipped.length > 0) {
      void this.#excuse(skipped, `${skipped.length} messages before '${text.slice(0, 40)}' are missing`, false);
    }
    this.#closeWhenEmpty();
  }

  async #ended(code) {
    const waiting = this.#waiting.splice(0);
    if (this.#cut !== undefined) {
      // What was under way may be lost; after an orderly close, nothing was.
      this.lost += waiting.length;
      return;
    }
    await this.#excuse(waiting, `its connection was closed with ${code}, with ${waiting.length} messages under way`, true);
  }

  async #excuse(messages, what, isOver) {
    const since = Math.min(Date.now(), ...messages.map(({ at }) => at));
    if (await this.#hasDiedSince(since, isOver)) {
      this.lost += messages.length;
    } else {
      this.#violation(`${this.#id}: ${what}, and its script runs on`);
    }
  }
}
