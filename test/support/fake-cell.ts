import { HostInbox } from '../../host/script/host-inbox.ts';
import { EventEmitter, once } from 'node:events';
import type { Cell, CellClient, CellSettings, Place } from '../../host/cells/cell.ts';
import type { LogEntry } from '../../host/observe/log.ts';
import { resolveLimits, type Limits } from '../../host/policy/limits.ts';
import { ProxySettings } from '../../host/policy/proxy-options.ts';
import { ServerTls } from '../../host/sockets/server-tls.ts';
import { TlsSettings } from '../../host/sockets/tls-settings.ts';
import { Permissions, type PermissionOptions } from '../../host/policy/permissions.ts';
import type { Hold } from '../../host/script/hold.ts';
import type { OnFault } from '../../host/script/script-setup.ts';
import { Script } from '../../host/script/script.ts';
import { SCRIPT_TYPES, type ScriptType } from '../../host/script/script-types.ts';
import type { Command } from '../../wire/commands.ts';
import type { Event, EventOf, EventType } from '../../wire/events.ts';
import { NO_USAGE, type TurnStatus, type TurnUsage } from '../../wire/frames.ts';
import type { FlatWriter } from '../../wire/flat-writer.ts';
import type { AnswerOf, Question } from '../../wire/questions.ts';
import { afterThisTest } from './sockets.ts';
import { observe, type ObservedScript } from './host.ts';
import { batchOf, eventsOf } from './wire.ts';

/** What a cell tells a script, with commands as objects. */
interface FakeCellClient extends Omit<CellClient, 'turned' | 'answer'> {
  turned(status: TurnStatus, message: string, commands: readonly Command[], usage?: TurnUsage): void;
  answer<Asked extends Question>(commands: readonly Command[], question: Asked): AnswerOf<Asked['type']>;
}

const NO_RULES = await TlsSettings.load(undefined);
const NO_SERVER_TLS = await ServerTls.load();

/** A cell without isolates: the test says what comes out of them. */
export class FakeCell implements Cell {
  readonly pid = process.pid;
  settings: CellSettings | undefined;
  /** Whether a turn was given and has not been ended. */
  underWay = false;
  /** How many turns were given, and how many slices that went on with one. */
  turns = 0;
  resumed = 0;
  destroyed = false;
  /** All events that were given, in order. */
  readonly events: Event[] = [];
  /** Those of the last turn. */
  lastTurn: readonly Event[] = [];
  readonly #emitter = new EventEmitter();
  #client: CellClient | undefined;

  create(_script: number, settings: CellSettings, client: CellClient): void {
    this.settings = settings;
    this.#client = client;
  }

  turn(_script: number, turn: FlatWriter): void {
    if (this.underWay) {
      throw new Error('a second turn was given while one is under way');
    }
    this.underWay = true;
    this.turns++;
    this.lastTurn = eventsOf(turn);
    this.events.push(...this.lastTurn);
    this.#emitter.emit('turn');
  }

  /** Goes on with a turn that `endTurn` has ended as `sliced`. */
  resume(): void {
    if (this.underWay) {
      throw new Error('a turn was gone on with while one is under way');
    }
    this.underWay = true;
    this.resumed++;
    this.#emitter.emit('turn');
  }
  tellLost(): void {}

  destroy(): void {
    this.destroyed = true;
  }

  async close(): Promise<void> {}

  get client(): FakeCellClient {
    const client = this.#client as CellClient;
    return {
      turned: (status, message, commands, usage = NO_USAGE) => client.turned(status, message, batchOf(commands), usage),
      answer: (commands, question) => client.answer(batchOf(commands), question) as AnswerOf<(typeof question)['type']>,
      lost: (lines, hasMore) => client.lost(lines, hasMore),
      blamed: (death) => client.blamed(death),
      died: (death) => client.died(death),
      malformed: (message) => client.malformed(message),
    };
  }

  /** Resolves when a turn is under way. */
  async turnBegins(): Promise<void> {
    while (!this.underWay) {
      await once(this.#emitter, 'turn');
    }
  }

  /** Ends the turn that is, or will next be, under way. */
  async endTurn(commands: readonly Command[] = [], status: TurnStatus = 'done', message = '', usage = NO_USAGE): Promise<void> {
    await this.turnBegins();
    this.underWay = false;
    this.client.turned(status, message, commands, usage);
  }

  /** Lets turns begin and end until the script has been given such an event; the last turn is then under way. */
  async given<Type extends EventType>(type: Type): Promise<EventOf<Type>> {
    for (;;) {
      await this.turnBegins();
      const found = this.events.find((event): event is EventOf<Type> => event.type === type);
      if (found !== undefined) {
        return found;
      }
      await this.endTurn();
    }
  }
}

export interface FakeScript extends ObservedScript {
  /** Where it started. */
  readonly cell: FakeCell;
  /** The cells that it was placed in since then, in order. */
  readonly laterCells: readonly FakeCell[];
  readonly log: readonly FakeLogEntry[];
}

export interface FakeScriptOptions {
  readonly type?: ScriptType;
  readonly limits?: Partial<Limits>;
  readonly onFault?: OnFault;
  /** What another script has left behind. */
  readonly hold?: Hold | undefined;
  readonly onLeft?: (hold: Hold) => void;
  readonly permissions?: PermissionOptions;
  /** Called before the script is placed in a later cell. */
  readonly beforePlace?: () => Promise<void>;
}

type FakeLogEntry = Pick<LogEntry, 'level' | 'limit' | 'message' | 'script'>;

/** A script over a fake cell. Its first turn, which holds `evaluate`, begins by itself. */
export function startFakeScript(options: FakeScriptOptions = {}): FakeScript {
  const { beforePlace, limits, permissions = { connect: ['127.0.0.1'], listen: ['127.0.0.1'] }, type = 'assignment-client' } = options;
  const cell = new FakeCell();
  const laterCells: FakeCell[] = [];
  const log: FakeLogEntry[] = [];
  const script = new Script({
    id: 'fake-id',
    name: 'fake.js',
    owner: 'default',
    isolation: 'in-process',
    type,
    definition: SCRIPT_TYPES[type],
    dialect: 'overte',
    source: 'a source',
    url: 'about:blank',
    baseUrl: 'about:blank',
    args: [],
    entityID: '{00000000-0000-4000-8000-000000000000}',
    permissions: new Permissions(permissions),
    proxies: new ProxySettings(),
    tls: NO_RULES,
    serverTls: NO_SERVER_TLS,
    limits: resolveLimits(limits),
    place: placeIn(cell),
    placeAgain: async () => {
      await beforePlace?.();
      const later = new FakeCell();
      laterCells.push(later);
      return placeIn(later);
    },
    onFault: options.onFault ?? 'close',
    hold: options.hold,
    onLeft: options.onLeft ?? (() => {}),
    onBlamed: () => {},
    log: (level, message, _code, limit) => void log.push({ level, script: 'fake.js', message, ...(limit === undefined ? {} : { limit }) }),
    hostInbox: new HostInbox(),
    onChange: () => {},
  });
  afterThisTest(() => cell.client.blamed({ what: 'process', message: 'is over with the test', blamed: undefined }));
  return { ...observe(script), cell, laterCells, log };
}

function placeIn(cell: FakeCell): Place {
  return { cell, number: 1, leave: () => cell.destroy() };
}
