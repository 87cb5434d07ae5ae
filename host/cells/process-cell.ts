import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ByteReader } from '../../wire/byte-reader.ts';
import { decode } from '../../wire/encoded.ts';
import { WireError } from '../../wire/fields.ts';
import { FlatReader } from '../../wire/flat-reader.ts';
import type { FlatWriter } from '../../wire/flat-writer.ts';
import {
  CELL_PIPES,
  FrameParser,
  LARGEST_FRAME,
  TO_CELL,
  TO_HOST,
  frame as frameOf,
  turnContent,
  turnStatusOf,
  type Frame,
} from '../../wire/frames.ts';
import { QUESTION_SCHEMA, answerFields, failedAnswer } from '../../wire/questions.ts';
import type { IsolateSettings } from '../../wire/settings.ts';
import { AirlockError, messageOf } from '../errors.ts';
import type { Cell, CellClient } from './cell.ts';
import { commandBatch } from './command-batch.ts';
import { CELL_ENTRY, cellReadableFolders } from './paths.ts';
import { TurnWatch } from './turn-watch.ts';

/** How much of what a dying cell writes to its standard error is kept, in characters. */
const KEPT_STDERR = 2048;

/** Answers that a cell has not read, in bytes; above it, the cell is not what it should be. */
const MOST_UNREAD_ANSWERS = 1024 * 1024;

/** How long a cell process may take to get ready, in milliseconds. */
const START_TIMEOUT = 30_000;

/** The flags that Node starts a cell process with: what is not allowed here, the process cannot do. */
export function cellProcessFlags(): readonly string[] {
  return [
    '--no-node-snapshot',
    '--permission',
    '--allow-addons',
    '--disable-warning=PERM0001',
    ...cellReadableFolders().map((folder) => `--allow-fs-read=${folder}`),
  ];
}

/**
 * A cell in a process of its own: no environment, no files but its own code, no children, and no network where Node's
 * permission model can deny it (Node 26).
 */
export class ProcessCell implements Cell {
  readonly #child: ChildProcess;
  readonly #frames: Writable;
  readonly #answers: Writable;
  readonly #clients = new Map<number, CellClient>();
  readonly #settings = new Map<number, IsolateSettings>();
  readonly #watch = new TurnWatch((script, milliseconds) => this.#overdue(script, milliseconds));
  readonly #parser = new FrameParser(LARGEST_FRAME, false);
  readonly #exited: Promise<void>;
  #stderr = '';
  #dead = false;
  /** Whether an answer is still to come. */
  #answering = false;
  #onReady: () => void = () => {};
  #onDeath: (message: string) => void = () => {};

  /** Starts a process and waits until it is ready. Throws ERR_AIRLOCK_CELL_START_FAILED. */
  static async start(flags = cellProcessFlags(), entry = CELL_ENTRY): Promise<ProcessCell> {
    const cell = new ProcessCell(flags, entry);
    const timer = setTimeout(() => {
      cell.#die(`was not ready after ${START_TIMEOUT} ms`);
      cell.#child.kill('SIGKILL');
    }, START_TIMEOUT);
    try {
      await new Promise<void>((resolve, reject) => {
        cell.#onReady = resolve;
        cell.#onDeath = (message) =>
          reject(
            new AirlockError('ERR_AIRLOCK_CELL_START_FAILED', `The process for scripts could not be started: it ${message}`),
          );
      });
    } finally {
      clearTimeout(timer);
    }
    return cell;
  }

  private constructor(flags: readonly string[], entry: string) {
    this.#child = spawn(process.execPath, [...flags, entry], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.#frames = this.#child.stdio[CELL_PIPES.frames] as Writable;
    this.#answers = (this.#child.stdio as unknown as readonly Writable[])[CELL_PIPES.answers] as Writable;
    const commands = this.#child.stdio[CELL_PIPES.commands] as Readable;
    commands.on('data', (data: Buffer) => this.#read(data));
    // A write to a dead cell fails; its exit says so to whom it concerns.
    for (const pipe of [this.#frames, this.#answers, commands]) {
      pipe.on('error', () => {});
    }
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#die(`did not start (${messageOf(error)})`);
        resolve();
      });
      // `close` comes when the pipes are drained too: nothing that the cell sent before it died is lost.
      this.#child.on('close', (code, signal) => {
        this.#die(describeExit(code, signal, this.#stderr));
        resolve();
      });
    });
  }

  /** Whether the process has ended; no script can be placed here any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** The process's id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  create(script: number, settings: IsolateSettings, client: CellClient): void {
    this.#clients.set(script, client);
    this.#settings.set(script, settings);
    if (this.#dead) {
      // It died while the script was loaded; the script is told once it can hear it.
      setImmediate(() => client.died('has ended'));
      return;
    }
    this.#send(frameOf(TO_CELL.create, script, [Buffer.from(JSON.stringify(settings))]));
  }

  turn(script: number, events: FlatWriter): void {
    this.#watch.given(script, this.#settings.get(script)?.turnTimeout ?? 0);
    this.#send(frameOf(TO_CELL.turn, script, turnContent(events.count, events.finish())));
  }

  destroy(script: number): void {
    this.#settings.delete(script);
    if (this.#clients.delete(script)) {
      this.#send(frameOf(TO_CELL.destroy, script));
    }
  }

  async close(): Promise<void> {
    this.#clients.clear();
    this.#watch.stop();
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #send(chunks: readonly Uint8Array[]): void {
    if (this.#dead) {
      return;
    }
    // Corked, all chunks go out with one system call and without being joined.
    this.#frames.cork();
    for (const chunk of chunks) {
      this.#frames.write(chunk);
    }
    this.#frames.uncork();
  }

  #read(data: Buffer): void {
    try {
      this.#parser.push(data, (frame) => this.#onFrame(frame));
    } catch (error) {
      // A cell whose stream is not to be understood is not to be trusted with anything.
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.#die(`sent what is not of the protocol (${error.message})`);
      this.#child.kill('SIGKILL');
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.kind === TO_HOST.ready) {
      return this.#onReady();
    }
    if (frame.kind === TO_HOST.turned) {
      this.#watch.ended(frame.script);
    }
    const client = this.#clients.get(frame.script);
    const reader = new ByteReader(frame.buffer, frame.start, frame.end);
    if (frame.kind === TO_HOST.question) {
      return this.#asked(frame, reader, client);
    }
    if (client === undefined) {
      return;
    }
    switch (frame.kind) {
      case TO_HOST.turned: {
        const status = turnStatusOf(reader.uint8());
        const message = reader.string();
        return client.turned(status, message, commandBatch(decode(reader), this.#mostCommands(frame.script)));
      }
      default:
        throw new WireError(`there is no frame of the kind ${frame.kind}`);
    }
  }

  /** What the bindings may give out in one turn, and some more for what they say of themselves. */
  #mostCommands(script: number): number {
    return 2 * (this.#settings.get(script)?.guest.commandsPerTurn ?? 0) + 1024;
  }

  /** The whole cell waits for an answer, also where the script that asked has ended meanwhile. */
  #asked(frame: Frame, reader: ByteReader, client: CellClient | undefined): void {
    const size = reader.uint32();
    const start = reader.skip(size);
    const commands = decode(new ByteReader(frame.buffer, start, start + size));
    const question = new FlatReader(QUESTION_SCHEMA, decode(reader));
    const asked = question.item(question.next());
    // Before this answer is written: a module may be larger than all that a cell leaves unread.
    if (this.#answering || this.#answers.writableLength > MOST_UNREAD_ANSWERS) {
      this.#die('asked without waiting for answers');
      this.#child.kill('SIGKILL');
      return;
    }
    if (client === undefined) {
      return this.#sendAnswer(failedAnswer(asked.type, 'ERR_AIRLOCK_HOST_STOPPED', 'the script has ended'));
    }
    const answer = client.answer(commandBatch(commands, this.#mostCommands(frame.script)), asked);
    if (answer instanceof Promise) {
      this.#answering = true;
      void answer.then((later) => {
        this.#answering = false;
        this.#sendAnswer(answerFields(later));
      });
    } else {
      this.#sendAnswer(answerFields(answer));
    }
  }

  #sendAnswer(fields: readonly string[]): void {
    const content = Buffer.from(JSON.stringify(fields));
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(content.length);
    this.#answers.write(Buffer.concat([length, content]));
  }

  #overdue(script: number, milliseconds: number): void {
    const name = this.#settings.get(script)?.name ?? 'a script that has ended';
    this.#die(`was killed: a turn of ${name} did not end within ${milliseconds} ms`);
    this.#child.kill('SIGKILL');
  }

  #die(message: string): void {
    if (this.#dead) {
      return;
    }
    this.#dead = true;
    this.#watch.stop();
    this.#onDeath(message);
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    for (const client of clients) {
      client.died(message);
    }
  }
}

function describeExit(code: number | null, signal: NodeJS.Signals | null, stderr: string): string {
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  // V8 and Node say what was wrong in one line among many.
  const reason = /^.*(?:FATAL ERROR|Fatal JavaScript|# Fatal error|is_heap_oom|Error:).*$/m.exec(stderr)?.[0].trim();
  return reason === undefined ? how : `${how} (${reason})`;
}
