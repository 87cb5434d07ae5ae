import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Between two echoes, in milliseconds, so that the client itself takes no core. */
const PAUSE = 10;

/** Asks an echo server for one echo after another, and writes down the longest wait for one. */
export class EchoClient {
  readonly #socket: WebSocket;
  readonly #gone: Promise<never>;
  #sent = 0;
  #longestWait = 0;
  #waitingSince: number | undefined;
  #running = false;
  #loop: Promise<void> = Promise.resolve();

  static async open(port: number): Promise<EchoClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    return new EchoClient(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#gone = new Promise((_resolve, reject) => {
      socket.on('error', () => {});
      socket.on('close', (code) => reject(new Error(`the neighbour's connection was closed with ${code}`)));
    });
    this.#gone.catch(() => {});
  }

  /** In milliseconds; it counts an echo that has not come yet. */
  get longestWait(): number {
    return Math.max(this.#longestWait, this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince);
  }

  /** Waits for so many echoes. Rejects where one is not what was sent, or the connection is gone. */
  async echoes(count: number): Promise<void> {
    await this.#loop;
    for (let index = 0; index < count; index++) {
      await this.#echo();
    }
  }

  /** Goes on asking until `stop`. */
  start(): void {
    this.#running = true;
    this.#loop = (async () => {
      while (this.#running) {
        await this.#echo();
        await sleep(PAUSE);
      }
    })().catch(() => {
      // The one that it waited for is still not there.
    });
  }

  stop(): void {
    this.#running = false;
  }

  close(): void {
    this.#running = false;
    this.#socket.terminate();
  }

  async #echo(): Promise<void> {
    const text = `echo ${this.#sent++}`;
    this.#waitingSince = performance.now();
    const answer = once(this.#socket, 'message') as Promise<[data: unknown]>;
    this.#socket.send(text);
    const [data] = await Promise.race([answer, this.#gone]);
    if (String(data) !== text) {
      throw new Error(`${text} came back as ${String(data)}`);
    }
    this.#longestWait = Math.max(this.#longestWait, performance.now() - this.#waitingSince);
    this.#waitingSince = undefined;
  }
}
