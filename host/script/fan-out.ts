import type { CommandOf } from '../../wire/commands.ts';
import type { Connection } from '../sockets/connection.ts';
import { SharedFrames } from '../sockets/shared-frames.ts';
import { Topics, type TopicLimits } from './topics.ts';

export interface FanOutLimits extends TopicLimits {
  readonly deliveriesPerTurn: number;
}

/** A script's messages to many of its sockets: each is made a frame once, and goes to all of them. */
export class FanOut {
  readonly #topics: Topics;
  readonly #limits: FanOutLimits;
  readonly #frames = new SharedFrames();
  readonly #write: (connection: Connection, bytes: number) => void;
  /** Those of the batch that is being carried out. */
  #deliveries = 0;

  /** @param write called for each socket that a message of so many bytes goes to: it is to be flushed at the end of the batch */
  constructor(limits: FanOutLimits, write: (connection: Connection, bytes: number) => void) {
    this.#limits = limits;
    this.#topics = new Topics(limits);
    this.#write = write;
  }

  join(server: number, connection: Connection): void {
    this.#topics.join(server, connection);
  }

  leave(server: number, connection: Connection): void {
    this.#frames.end();
    this.#topics.leave(server, connection);
  }

  /** Returns why the command is malformed, where it is. */
  subscribe(connection: Connection, topic: string): string | undefined {
    this.#frames.end();
    return this.#topics.subscribe(connection, topic);
  }

  unsubscribe(connection: Connection, topic: string): void {
    this.#frames.end();
    this.#topics.unsubscribe(connection, topic);
  }

  /** Returns why the command is malformed, where it is. */
  publish(command: CommandOf<'publishText'> | CommandOf<'publishBinary'>): string | undefined {
    const { data, except, newest, server, topic, type } = command;
    const members = this.#topics.members(server, topic);
    if (members.size === 0) {
      return undefined;
    }
    const message = this.#frames.message(
      `${server} ${except} ${newest} ${topic}`,
      type === 'publishText' ? 'sendText' : 'sendBinary',
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
    for (const connection of members) {
      // They are in the order of their numbers, where they are not those of a topic.
      if (topic === '' && connection.id > newest) {
        break;
      }
      this.#deliveries++;
      if (connection.id !== except) {
        this.#write(connection, message.payload);
        connection.sendShared(message);
      }
    }
    const { deliveriesPerTurn } = this.#limits;
    return this.#deliveries > deliveriesPerTurn ? `publish more than ${deliveriesPerTurn} times in one turn` : undefined;
  }

  /** Ends a batch of commands, before it is written. */
  endBatch(): void {
    this.#deliveries = 0;
    this.#frames.end();
  }
}
