import type { CommandOf } from '../../wire/commands.ts';
import type { PublishText, Rest } from '../cells/command-batch.ts';
import type { Connection } from '../sockets/connection.ts';
import { SharedFrames, type SharedMessage } from '../sockets/shared-frames.ts';
import { Topics, type TopicLimits } from './topics.ts';

type Publish = PublishText | CommandOf<'publishBinary'>;

/** What it takes to give a message to a socket, in units of work: the frame that all have, or one of its own. */
const SHARED_UNITS = 1;
const OWN_UNITS = 32;
const LOG2_BYTES_PER_UNIT = 12;
/** So much is done at a time. */
const STEP_UNITS = 64;

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

  /**
   * Returns what is left to be done.
   *
   * @param check told why the command is malformed, where it is
   */
  publish(command: Publish, check: (malformed: string | undefined) => undefined): Rest | undefined {
    const { data, except, server, newest, topic, type } = command;
    const members = this.#topics.members(server, topic);
    if (members.size === 0) {
      return undefined;
    }
    const message = this.#frames.message(
      `${server} ${except} ${newest} ${topic}`,
      type === 'publishText' ? 'sendText' : 'sendBinary',
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    );
    return this.#deliver(command, members, message, check);
  }

  *#deliver({ data, except, newest, topic }: Publish, members: ReadonlySet<Connection>, message: SharedMessage, check: (malformed: string | undefined) => undefined): Rest {
    let units = 0;
    for (const connection of members) {
      // They are in the order of their numbers, where they are not those of a topic.
      if (topic === '' && connection.id > newest) {
        break;
      }
      this.#deliveries++;
      if (connection.id !== except) {
        this.#write(connection, message.payload);
        units += connection.sendShared(message) ? SHARED_UNITS : OWN_UNITS + (data.length >>> LOG2_BYTES_PER_UNIT);
      }
      if (units >= STEP_UNITS) {
        yield units;
        units = 0;
      }
    }
    const { deliveriesPerTurn } = this.#limits;
    check(this.#deliveries > deliveriesPerTurn ? `publish more than ${deliveriesPerTurn} times in one turn` : undefined);
  }

  /** Ends a batch of commands, before it is written. */
  endBatch(): void {
    this.#deliveries = 0;
    this.#frames.end();
  }
}
