import { COMMAND_SCHEMA, type Command } from '../../wire/commands.ts';
import { EMPTY_BATCH, WireError } from '../../wire/fields.ts';
import { FlatReader, type UncheckedBatch } from '../../wire/flat-reader.ts';

/** A message that a script sends. */
export type SendType = 'sendText' | 'sendBinary';

/** Every command but the sending of a message. */
export type OtherCommand = Exclude<Command, { type: SendType }>;

/** Takes the commands of a batch, in their order. */
export interface CommandReceiver {
  /**
   * A message, without an object for it: a string, or the part of the buffer from `start` to `end`, of a text its UTF-8.
   * Returns whether something refers to the buffer from now on.
   */
  send(type: SendType, socket: number, data: string | Buffer, start: number, end: number): boolean;
  command(command: OtherCommand): void;
}

/** What a script has commanded in a turn. */
export interface CommandBatch {
  /** Gives each command out once. Throws a WireError where one is malformed, after those before it. */
  each(receiver: CommandReceiver): void;
  /** Whether something of what was given out may refer to the memory of the batch. */
  readonly isKept: boolean;
}

/**
 * The commands of a batch that came out of an isolate.
 *
 * @param most the most commands that are read: a few bytes become an object of many
 */
export function commandBatch(batch: UncheckedBatch, most = Infinity): CommandBatch {
  return new UncheckedCommands(batch, most);
}

class UncheckedCommands implements CommandBatch {
  #unread: UncheckedBatch;
  readonly #most: number;
  isKept = false;

  constructor(batch: UncheckedBatch, most: number) {
    this.#unread = batch;
    this.#most = most;
  }

  each(receiver: CommandReceiver): void {
    const reader = new FlatReader(COMMAND_SCHEMA, this.#unread);
    // An error that is made while commands are carried out refers to this object, and so to what it refers to.
    this.#unread = EMPTY_BATCH;
    for (let count = 0; !reader.done; count++) {
      if (count >= this.#most) {
        throw new WireError(`more than ${this.#most} commands in one batch`);
      }
      const definition = reader.next();
      if (definition.type === 'sendText' || definition.type === 'sendBinary') {
        const socket = reader.uint(definition, 0);
        reader.range(definition, 1);
        this.isKept = receiver.send(definition.type, socket, reader.data, reader.start, reader.end) || this.isKept;
      } else {
        this.isKept = true;
        receiver.command(reader.item(definition) as OtherCommand);
      }
    }
  }
}
