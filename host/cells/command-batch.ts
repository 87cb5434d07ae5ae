import { COMMAND_SCHEMA, type Command, type CommandOf, type CommandTable } from '../../wire/commands.ts';
import { WireError } from '../../wire/fields.ts';
import { FlatReader, type UncheckedBatch } from '../../wire/flat-reader.ts';
import type { Share } from '../policy/loop-share.ts';

/** A message that a script sends. */
export type SendType = 'sendText' | 'sendBinary';

/** A text that is published: where it is long, its UTF-8. */
export type PublishText = Omit<CommandOf<'publishText'>, 'data'> & { readonly data: string | Uint8Array };

/** Every command but the sending of a message. */
export type OtherCommand = Exclude<Command, { type: SendType | 'publishText' }> | PublishText;

/** What is left of a command that takes long. It yields after each step, with the units of work that this has taken. */
export type Rest = Iterator<number, void>;

/** What carries out each kind of command, and returns what is left of it. */
export type CommandCarriers = { readonly [Type in OtherCommand['type']]: (command: Extract<OtherCommand, { type: Type }>) => Rest | void };

/** Takes the commands of a batch, in their order. */
export interface CommandReceiver {
  /**
   * A message, without an object for it: a string, or the part of the buffer from `start` to `end`, of a text its UTF-8.
   * Returns whether something refers to the buffer from now on.
   */
  send(type: SendType, socket: number, data: string | Buffer, start: number, end: number): boolean;
  /** Returns what is left to be done before the next command, where that is much. */
  command(command: OtherCommand): Rest | undefined;
}

/** What a script has commanded in a turn. */
export interface CommandBatch {
  /** Gives commands out, each once, until the share is over. Returns whether all is done. Throws a WireError where one is malformed. */
  some(receiver: CommandReceiver, share: Share): boolean;
  /** Gives no more commands out. */
  drop(): void;
  /** The batch is malformed: tells whom it came from. */
  readonly malformed: (message: string) => void;
}

/** What a message takes besides its payload, and another command, in units of work. */
const SEND_UNITS = 1;
const COMMAND_UNITS = 32;

/** So many bytes of payload are another unit. */
const LOG2_BYTES_PER_UNIT = 12;

/** An address is parsed more than once, and copied into a request; a line is searched for what must not be shown. */
const CONNECT_UNITS = 128;
const LOG2_CHARACTERS_PER_UNIT = 3;

/**
 * The commands of a batch that came out of an isolate. Nothing of it is read before its time, so that a large one holds nobody up.
 */
export class UncheckedCommands implements CommandBatch {
  readonly malformed: (message: string) => void;
  readonly #most: number;
  /** Undefined when all is done: what refers to this object then refers to no memory of the batch. */
  #reader: FlatReader<CommandTable> | undefined;
  #count = 0;
  /** What is left of the command that is being carried out. */
  #rest: Rest | undefined;
  #isKept = false;

  /**
   * @param malformed called with the reason where the batch is malformed
   * @param most the most commands that are read: a few bytes become an object of many
   */
  constructor(batch: UncheckedBatch, malformed: (message: string) => void, most = Infinity) {
    this.malformed = malformed;
    this.#most = most;
    this.#reader = new FlatReader(COMMAND_SCHEMA, batch);
  }

  /** Whether every command was given out. */
  get isDone(): boolean {
    return this.#reader === undefined;
  }

  /** Whether something may refer to the memory of the batch. */
  get isKept(): boolean {
    return this.#isKept || !this.isDone;
  }

  /** The memory that its numbers lie in is about to be written over: takes a copy of what is left to read. */
  detach(): void {
    this.#reader?.detach();
  }

  some(receiver: CommandReceiver, share: Share): boolean {
    const reader = this.#reader;
    if (reader === undefined || !this.#finishCommand(share)) {
      return reader === undefined;
    }
    try {
      while (!reader.done) {
        if (this.#count++ >= this.#most) {
          throw new WireError(`more than ${this.#most} commands in one batch`);
        }
        const isOver = share.isOver(this.#give(reader, receiver));
        if (this.#reader === undefined) {
          return true;
        }
        if (isOver || this.#rest !== undefined) {
          if (isOver || !this.#finishCommand(share)) {
            return this.#isAllGiven(reader);
          }
        }
      }
    } catch (error) {
      this.drop();
      throw error;
    }
    this.drop();
    return true;
  }

  drop(): void {
    this.#reader?.release();
    this.#reader = undefined;
    this.#rest = undefined;
  }

  /** Gives the next command out. Returns the units of work that this has taken. */
  #give(reader: FlatReader<CommandTable>, receiver: CommandReceiver): number {
    const definition = reader.next();
    if (definition.type === 'sendText' || definition.type === 'sendBinary') {
      const socket = reader.uint(definition, 0);
      reader.range(definition, 1);
      this.#isKept = receiver.send(definition.type, socket, reader.data, reader.start, reader.end) || this.#isKept;
      return SEND_UNITS + ((reader.end - reader.start) >>> LOG2_BYTES_PER_UNIT);
    }
    this.#isKept = true;
    const command = reader.item(definition, true) as OtherCommand;
    this.#rest = receiver.command(command);
    return unitsOf(command);
  }

  /** Returns whether the command is carried out. */
  #finishCommand(share: Share): boolean {
    while (this.#rest !== undefined) {
      const step = this.#rest.next();
      if (step.done === true) {
        this.#rest = undefined;
      } else if (share.isOver(step.value)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the last command was carried out. */
  #isAllGiven(reader: FlatReader<CommandTable>): boolean {
    if (reader.done && this.#rest === undefined) {
      this.drop();
    }
    return this.#reader === undefined;
  }
}

function unitsOf(command: OtherCommand): number {
  if (command.type === 'connect') {
    return CONNECT_UNITS + (command.url.length >>> LOG2_CHARACTERS_PER_UNIT);
  }
  if (command.type === 'print') {
    return COMMAND_UNITS + (command.text.length >>> LOG2_CHARACTERS_PER_UNIT);
  }
  return COMMAND_UNITS + ('data' in command ? command.data.length >>> LOG2_BYTES_PER_UNIT : 0);
}
