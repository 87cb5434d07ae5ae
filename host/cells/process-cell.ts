import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ByteReader } from '../../wire/byte-reader.ts';
import { decode } from '../../wire/encoded.ts';
import { WireError } from '../../wire/fields.ts';
import { FlatReader, type UncheckedBatch } from '../../wire/flat-reader.ts';
import type { FlatWriter } from '../../wire/flat-writer.ts';
import {
  CELL_PIPES,
  FrameParser,
  LARGEST_FRAME,
  TO_CELL,
  TO_HOST,
  answer as answerOf,
  frame as frameOf,
  readTurnUsage,
  turnContent,
  turnStatusOf,
  type Frame,
} from '../../wire/frames.ts';
import { QUESTION_SCHEMA, answerFields, failedAnswer } from '../../wire/questions.ts';
import { AirlockError, messageOf } from '../errors.ts';
import { cellProcessFlags, describeExit, type Exit } from './cell-flags.ts';
import { memoryCeiling, mostCommands } from './cell-bounds.ts';
import { countChild, keepLastWords, startChild } from './cell-child.ts';
import type { Cell, CellClient, CellDeath, CellSettings, KillingLimit } from './cell.ts';
import { UncheckedCommands } from './command-batch.ts';
import { LineCopies } from './line-copies.ts';
import { MemoryWatch, residentMemory } from './memory-watch.ts';
import { CELL_ENTRY } from './paths.ts';
import type { Tenant, Turn } from './tenant.ts';
import { TurnWatch } from './turn-watch.ts';

/** Answers that a cell has not read, in bytes; above it, the cell is not what it should be. */
const MOST_UNREAD_ANSWERS = 1024 * 1024;

/** How long a cell process may take to get ready, in milliseconds. */
const START_TIMEOUT = 30_000;

/**
 * A cell in a process of its own: no environment, no files but its own code, no children, and no network where Node's
 * permission model can deny it (Node 26).
 */
export class ProcessCell implements Cell {
  readonly #child: ChildProcess;
  readonly #frames: Writable;
  readonly #answers: Writable;
  readonly #tenants = new Map<number, Tenant>();
  readonly #watch = new TurnWatch<Turn>({
    overdue: (turn) => this.#kill(`was killed: a turn of ${turn.tenant.settings.name} did not end within ${turn.limit} ms`, turn, 'turnGrace'),
    look: (turn) => this.#lookAtMemory(turn),
  });
  readonly #memory = new MemoryWatch<Turn>(() => (this.#child.pid === undefined ? undefined : residentMemory(this.#child.pid)));
  /** The turn whose end is being read. */
  #acknowledged: Turn | undefined;
  /** In MiB. It does not fall when a script ends: what a process had, it may keep. */
  #ceiling = 0;
  readonly #parser = new FrameParser(LARGEST_FRAME, false);
  readonly #exited: Promise<void>;
  /** Whether the process has ended or been killed. */
  #dead = false;
  /** Whether its scripts know it. */
  #isToldDead = false;
  /** Whether an answer is still to come. */
  #answering = false;
  readonly #ready = Promise.withResolvers<void>();

  /** Starts a process. */
  static spawn(flags = cellProcessFlags(), entry = CELL_ENTRY): ProcessCell {
    return new ProcessCell(flags, entry);
  }

  /** Starts a process and waits until it is ready. Throws ERR_AIRLOCK_CELL_START_FAILED. */
  static async start(flags = cellProcessFlags(), entry = CELL_ENTRY): Promise<ProcessCell> {
    const cell = new ProcessCell(flags, entry);
    await cell.ready;
    return cell;
  }

  private constructor(flags: readonly string[], entry: string) {
    this.#child = startChild(flags, entry);
    this.#frames = this.#child.stdio[CELL_PIPES.frames] as Writable;
    this.#answers = (this.#child.stdio as unknown as readonly Writable[])[CELL_PIPES.answers] as Writable;
    const commands = this.#child.stdio[CELL_PIPES.commands] as Readable;
    commands.on('data', (data: Buffer) => this.#read(data));
    // A write to a dead cell fails; its exit says so to whom it concerns.
    [this.#frames, this.#answers, commands].forEach((pipe) => pipe.on('error', () => {}));
    const lastWords = keepLastWords(this.#child);
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        this.#die(`did not start (${messageOf(error)})`);
        resolve();
      });
      // `close` comes when the pipes are drained too: nothing that the cell sent before it died is lost.
      this.#child.on('close', (code, signal) => {
        this.#exit(describeExit(code, signal, lastWords()));
        resolve();
      });
    });
    const timer = setTimeout(() => this.#kill(`was not ready after ${START_TIMEOUT} ms`), START_TIMEOUT).unref();
    // Whoever waits for it is told; a spare one may find nobody who does.
    this.#ready.promise.catch(() => {}).finally(() => clearTimeout(timer));
  }

  /** Resolves when scripts can be placed here. Rejects with ERR_AIRLOCK_CELL_START_FAILED. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Resolves when the process has ended, however. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Lets this process end although the cell's has not. */
  unref(): void {
    countChild(this.#child, 'unref');
  }

  /** Takes `unref` back. */
  ref(): void {
    countChild(this.#child, 'ref');
  }

  /** Whether the process has ended; no script can be placed here any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Whether a turn is under way. */
  get busy(): boolean {
    return this.#watch.underWay !== undefined;
  }

  /** The process's id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  create(script: number, settings: CellSettings, client: CellClient): void {
    if (this.#dead) {
      // It died while the script was loaded; the script is told once it can hear it.
      setImmediate(() => client.died({ what: 'process', message: 'has ended', blamed: undefined }));
      return;
    }
    const { bounds: _, ...isolate } = settings;
    this.#tenants.set(script, { number: script, settings, client, copies: new LineCopies(settings) });
    this.#ceiling = Math.max(this.#ceiling, memoryCeiling(this.#tenants.values()));
    this.#send(frameOf(TO_CELL.create, script, [Buffer.from(JSON.stringify(isolate))]));
  }

  turn(script: number, events: FlatWriter): void {
    const tenant = this.#tenants.get(script);
    if (tenant !== undefined) {
      tenant.copies.begin();
      this.#watch.given({ script, limit: tenant.settings.bounds.turn, tenant });
      this.#send(frameOf(TO_CELL.turn, script, turnContent(events.count, events.finish())));
      // The kernel has a copy of it.
      if (this.#frames.writableLength === 0) {
        events.release();
      }
    }
  }

  resume(script: number): void {
    const tenant = this.#tenants.get(script);
    if (tenant !== undefined) {
      tenant.copies.begin();
      this.#watch.given({ script, limit: tenant.settings.bounds.turn, tenant });
      this.#send(frameOf(TO_CELL.resume, script));
    }
  }

  tellLost(script: number): void {
    const turn = this.#watch.underWay;
    if (turn?.script === script) {
      turn.tenant.copies.tell(turn.tenant.client);
    }
  }

  destroy(script: number): void {
    if (this.#tenants.delete(script)) {
      this.#send(frameOf(TO_CELL.destroy, script));
    }
  }

  async close(): Promise<void> {
    this.#tenants.clear();
    // Whoever waits for this waits until it has ended.
    this.ref();
    this.#kill('was closed');
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
    if (this.#isToldDead) {
      return;
    }
    try {
      this.#parser.push(data, (frame) => this.#onFrame(frame));
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.#killForMalformed(error.message, this.#acknowledged ?? this.#watch.underWay);
    }
  }

  /** Returns whether something refers to the frame's buffer from now on. */
  #onFrame(frame: Frame): boolean {
    if (frame.kind === TO_HOST.copy) {
      this.#copied(frame);
      return false;
    }
    // It was killed; the pipe still holds what it had sent before.
    if (this.#dead) {
      return false;
    }
    if (frame.kind === TO_HOST.ready) {
      this.#ready.resolve();
      return false;
    }
    this.#acknowledged = undefined;
    let isInTurn = this.#watch.underWay?.script === frame.script;
    if (frame.kind === TO_HOST.turned) {
      this.#acknowledged = this.#watch.underWay;
      isInTurn = this.#watch.ended(frame.script);
    }
    const tenant = this.#tenants.get(frame.script);
    // Nothing comes out of an isolate that does not run. What came all the same would be outside of every limit on turns.
    if (!isInTurn && (frame.kind === TO_HOST.turned || frame.kind === TO_HOST.question)) {
      tenant?.client.malformed('it came outside of its turns');
      return false;
    }
    const reader = new ByteReader(frame.buffer, frame.start, frame.end);
    if (frame.kind === TO_HOST.question) {
      this.#asked(reader, tenant);
      return true;
    }
    if (tenant === undefined) {
      return false;
    }
    const { client, copies, settings } = tenant;
    switch (frame.kind) {
      case TO_HOST.turned: {
        const status = turnStatusOf(reader.uint8());
        const message = reader.string();
        const usage = readTurnUsage(reader);
        const batch = decode(reader);
        const commands = this.#commands(batch, settings);
        copies.turned(status, batch, client);
        client.turned(status, message, commands, usage);
        if (status === 'memory' && settings.shared) {
          this.#loseSharedIsolate(tenant);
        }
        return commands.isKept;
      }
      default:
        throw new WireError(`there is no frame of the kind ${frame.kind}`);
    }
  }

  /** A copy of a line. There are none outside of turns. */
  #copied({ buffer, end, script, start }: Frame): void {
    const turn = this.#watch.underWay;
    if (turn?.script !== script) {
      throw new WireError('a copy of a line from outside of a turn');
    }
    turn.tenant.copies.take(decode(new ByteReader(buffer, start, end)), end - start);
  }

  /** What a turn has commanded, up to its end or to a question. */
  #commands(batch: UncheckedBatch, settings: CellSettings): UncheckedCommands {
    const turn = this.#acknowledged ?? this.#watch.underWay;
    return new UncheckedCommands(batch, (message) => this.#killForMalformed(message, turn), mostCommands(settings));
  }

  /** A cell whose stream is not to be understood is not to be trusted with anything. */
  #killForMalformed(message: string, turn: Turn | undefined): void {
    this.#kill(`sent what is not of the protocol (${message})`, turn);
  }

  /** The whole cell waits for an answer, also where the script that asked has ended meanwhile. */
  #asked(reader: ByteReader, tenant: Tenant | undefined): void {
    const size = reader.uint32();
    const start = reader.skip(size);
    const commands = decode(new ByteReader(reader.buffer, start, start + size));
    const question = new FlatReader(QUESTION_SCHEMA, decode(reader));
    const asked = question.item(question.next());
    // Before this answer is written: a module may be larger than all that a cell leaves unread.
    if (this.#answering || this.#answers.writableLength > MOST_UNREAD_ANSWERS) {
      return this.#kill('asked without waiting for answers', this.#watch.underWay);
    }
    if (tenant === undefined) {
      return this.#sendAnswer(failedAnswer(asked.type, 'ERR_AIRLOCK_HOST_STOPPED', 'the script has ended'));
    }
    tenant.copies.clear();
    const answer = tenant.client.answer(this.#commands(commands, tenant.settings), asked);
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
    this.#answers.write(answerOf(fields));
  }

  /** Returns whether to look again. */
  #lookAtMemory(turn: Turn | undefined): boolean {
    const excess = this.#memory.look(turn, this.#ceiling);
    if (excess !== undefined) {
      this.#kill(`was killed: it grew beyond ${excess.ceiling} MiB${whileIn(excess.turn)}`, excess.turn, 'processMemory');
    }
    return this.#memory.isOver;
  }

  /** The isolate that some scripts share is gone, by the doing of one. The process goes on. */
  #loseSharedIsolate(blamed: Tenant): void {
    const message = `ran out of memory while a turn of ${blamed.settings.name} was under way`;
    for (const tenant of [...this.#tenants.values()]) {
      if (tenant.settings.shared) {
        this.destroy(tenant.number);
        tenant.client.died({ what: 'isolate', message, blamed: blamed.settings.name });
      }
    }
  }

  /** The process has ended by itself, or by somebody's doing from outside. What it had sent has been read. */
  #exit({ message, said }: Exit): void {
    const turn = this.#watch.underWay;
    this.#die(`${message}${whileIn(turn)}`, turn, said);
  }

  #kill(message: string, blamed?: Turn, limit?: KillingLimit): void {
    if (!this.#dead) {
      this.#stop();
      this.#child.kill('SIGKILL');
      // What it had printed before lies in the pipe, and is read by then.
      setImmediate(() => this.#tellDeath(message, blamed, limit));
    }
  }

  #die(message: string, blamed?: Turn, said?: string): void {
    if (!this.#dead) {
      this.#stop();
      this.#tellDeath(message, blamed, undefined, said);
    }
  }

  /** From now on nothing goes in, and nothing but copies of lines comes out. */
  #stop(): void {
    this.#dead = true;
    this.#watch.stop();
  }

  #tellDeath(message: string, blamed?: Turn, limit?: KillingLimit, said?: string): void {
    this.#isToldDead = true;
    this.#ready.reject(
      new AirlockError('ERR_AIRLOCK_CELL_START_FAILED', `The process for scripts could not be started: it ${message}`),
    );
    const turn = this.#watch.underWay;
    turn?.tenant.copies.tell(turn.tenant.client);
    const tenants = [...this.#tenants.values()];
    this.#tenants.clear();
    const death: CellDeath = { what: 'process', message, blamed: blamed?.tenant.settings.name, limit, said };
    blamed?.tenant.client.blamed(death);
    for (const { client, number } of tenants) {
      if (number !== blamed?.script) {
        client.died(death);
      }
    }
  }
}

function whileIn(turn: Turn | undefined): string {
  return turn === undefined ? '' : ` while a turn of ${turn.tenant.settings.name} was under way`;
}
