import { EventEmitter } from 'node:events';
import { PRINT_LEVELS, type CommandHandlers, type PrintLevel } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import type { TurnStatus } from '../../wire/frames.ts';
import type { Answer, Answerers, Question } from '../../wire/questions.ts';
import type { Dialect } from '../../wire/settings.ts';
import type { Cell, CellClient } from '../cells/cell.ts';
import type { CommandBatch, CommandReceiver, OtherCommand, SendType } from '../cells/command-batch.ts';
import { ScriptError, type ErrorCode } from '../errors.ts';
import type { Log } from '../observe/log.ts';
import type { Limits } from '../policy/limits.ts';
import type { Permissions } from '../policy/permissions.ts';
import type { ProxySettings } from '../policy/proxy-options.ts';
import type { ServerStatistics } from '../sockets/server-statistics.ts';
import type { ServerTls } from '../sockets/server-tls.ts';
import type { TlsSettings } from '../sockets/tls-settings.ts';
import { originOf } from '../sockets/handshake-headers.ts';
import { guestSettings } from './guest-settings.ts';
import { isSendableCloseCode } from './close-codes.ts';
import { Inbox } from './inbox.ts';
import { ScriptSockets, type SocketStatistics } from './script-sockets.ts';
import { serverCommands } from './server-commands.ts';
import type { ScriptType, ScriptTypeDefinition } from './script-types.ts';
import { TurnSchedule } from './turn-schedule.ts';

/** A line that a script printed. */
export interface PrintedLine {
  readonly level: PrintLevel;
  /** May hold line breaks, and whatever else the script put into it. */
  readonly text: string;
}

/** How a script ended. */
export interface ScriptEnd {
  /** `stopped`: by itself, or by `stop()`. `fault`: `error` says what was wrong. */
  readonly reason: 'stopped' | 'fault';
  readonly error?: ScriptError;
}

export interface ScriptEvents {
  /** The script printed a line. */
  print: [line: PrintedLine];
  /** The script threw and nothing caught it; or, just before `ended`, why it was ended. */
  error: [error: ScriptError];
  /** The script has ended and its sockets are closed. */
  ended: [end: ScriptEnd];
}

export interface ScriptSetup {
  /** The script's number in its cell. */
  readonly number: number;
  readonly name: string;
  readonly type: ScriptType;
  readonly definition: ScriptTypeDefinition;
  readonly dialect: Dialect;
  readonly source: string;
  readonly url: string;
  /** The base of relative WebSocket URLs. */
  readonly baseUrl: string;
  readonly args: readonly string[];
  readonly entityID: string;
  readonly permissions: Permissions;
  readonly limits: Limits;
  readonly proxies: ProxySettings;
  readonly tls: TlsSettings;
  readonly serverTls: ServerTls;
  readonly cell: Cell;
  readonly log: Log;
  /** Called when the script may have become idle, and when it has ended. */
  readonly onChange: () => void;
}

type State = 'waiting' | 'running' | 'ending' | 'ended';

/** The largest delay that a Node timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;

/**
 * One script as the host sees it: its life, its inbox, and the carrying out of its commands.
 *
 * Errors are told by the `error` event where somebody listens to it, and never thrown.
 */
export class Script extends EventEmitter<ScriptEvents> {
  readonly name: string;
  readonly type: ScriptType;
  /** Resolves when the script has ended, whyever; it never rejects. */
  readonly ended: Promise<ScriptEnd>;
  readonly #setup: ScriptSetup;
  readonly #inbox: Inbox;
  readonly #sockets: ScriptSockets;
  readonly #schedule = new TurnSchedule(() => this.#beginTurn());
  #state: State = 'waiting';
  #loaded = false;
  #turnUnderWay = false;
  #timer: NodeJS.Timeout | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #resolveEnded: (end: ScriptEnd) => void = () => {};

  constructor(setup: ScriptSetup) {
    super();
    this.#setup = setup;
    this.name = setup.name;
    this.type = setup.type;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const { dialect, limits, log, permissions, proxies, serverTls, tls } = setup;
    this.#inbox = new Inbox(limits.eventsPerTurn, limits.eventBytesPerTurn);
    this.#sockets = new ScriptSockets({
      permissions,
      limits,
      dialect,
      // Overte's handshakes have none.
      origin: dialect === 'web' ? originOf(setup.baseUrl) : undefined,
      proxies,
      tls,
      serverTls,
      log,
      push: (event) => this.#push(event),
      message: (socket, kind, data, start, end) => {
        if (this.#takesEvents) {
          this.#inbox.message(socket, kind, data, start, end);
          this.#scheduleTurn();
        }
      },
      isFull: () => this.#inbox.weight > limits.inboxBytes,
    });
    const client: CellClient = {
      turned: (status, message, commands) => this.#turned(status, message, commands),
      answer: (commands, question) => this.#answer(commands, question),
      died: (message) => this.#fault('ERR_AIRLOCK_CELL_DIED', `the process that ran ${this.name} ${message}`),
      malformed: (message) => this.#malformed(message),
    };
    setup.cell.create(
      setup.number,
      {
        name: setup.name,
        memory: limits.memory,
        turnTimeout: limits.turnTimeout,
        guest: guestSettings(setup),
      },
      client,
    );
    this.#push({ type: 'evaluate', source: setup.source });
  }

  /** Whether nothing can happen to the script any more but by itself: it has no socket, server, timer or turn. */
  get idle(): boolean {
    return (
      this.#state === 'ended' ||
      (this.#loaded &&
        !this.#turnUnderWay &&
        this.#inbox.length === 0 &&
        this.#timer === undefined &&
        this.#sockets.connectionCount === 0 &&
        this.#sockets.servers.count === 0)
    );
  }

  /** What its sockets and servers do. */
  get statistics(): SocketStatistics {
    return this.#sockets.statistics;
  }

  /**
   * Ends the script in order: its timers, `unload`, `scriptEnding`, its sockets with 1001. Resolves, as `ended` does,
   * when that is done; a script that takes longer than the limit `stopTimeout` is cut off.
   */
  stop(): Promise<ScriptEnd> {
    if (this.#state === 'waiting') {
      this.#end({ reason: 'stopped' });
    } else if (this.#state === 'running') {
      this.#state = 'ending';
      this.#sockets.servers.stopAccepting();
      this.#inbox.push({ type: 'end' });
      this.#scheduleTurn();
      this.#stopTimer = setTimeout(() => this.#end({ reason: 'stopped' }), this.#setup.limits.stopTimeout);
    }
    return this.ended;
  }

  /** After `end`, which is the last event, nothing reaches the script. */
  get #takesEvents(): boolean {
    return this.#state === 'waiting' || this.#state === 'running';
  }

  #push(event: Event): void {
    if (this.#takesEvents) {
      this.#inbox.push(event);
      this.#scheduleTurn();
    }
  }

  #scheduleTurn(): void {
    if (!this.#turnUnderWay) {
      this.#schedule.request();
    }
  }

  #beginTurn(): void {
    if (this.#state === 'ended' || this.#turnUnderWay) {
      return;
    }
    const events = this.#inbox.take();
    if (events === undefined) {
      return;
    }
    if (this.#state === 'waiting') {
      this.#state = 'running';
    }
    const { cell, limits, number } = this.#setup;
    const buffered = this.#sockets.bufferedEvents();
    if (buffered.length > 0) {
      events.prepend(EVENT_SCHEMA, buffered);
    }
    this.#turnUnderWay = true;
    this.#schedule.begun(events.count);
    cell.turn(number, events);
    if (this.#inbox.weight < limits.inboxBytes / 2) {
      this.#sockets.resume();
    }
  }

  #turned(status: TurnStatus, message: string, commands: CommandBatch): void {
    this.#turnUnderWay = false;
    this.#carryOut(commands);
    this.#sockets.servers.turnEnded();
    switch (status) {
      case 'done':
        break;
      case 'timeout':
        return this.#fault('ERR_AIRLOCK_TURN_TIMEOUT', message);
      case 'memory':
        return this.#fault('ERR_AIRLOCK_OUT_OF_MEMORY', message);
      case 'broken':
        return this.#fault('ERR_AIRLOCK_ISOLATE_BROKEN', message);
    }
    if (this.#inbox.length > 0) {
      this.#scheduleTurn();
    } else if (this.#state === 'ending') {
      this.#end({ reason: 'stopped' });
    } else {
      this.#setup.onChange();
    }
  }

  #answer(commands: CommandBatch, question: Question): Answer {
    this.#carryOut(commands);
    return (this.#answerers[question.type] as (question: Question) => Answer)(question);
  }

  #carryOut(commands: CommandBatch): void {
    commands.each(this.#receiver);
    this.#sockets.flush();
  }

  readonly #receiver: CommandReceiver = {
    send: (type, socket, data, start, end) => {
      if (this.#state !== 'ended') {
        this.#sockets.send(type, socket, data, start, end);
      }
    },
    command: (command) => {
      if (this.#state !== 'ended') {
        (this.#handlers[command.type] as (command: OtherCommand) => void)(command);
      }
    },
  };

  readonly #handlers: Omit<CommandHandlers, SendType> = {
    connect: (command) => this.#check(this.#sockets.connect(command)),
    close: (command) => {
      if (isSendableCloseCode(command.code) && Buffer.byteLength(command.reason) <= 123) {
        this.#sockets.close(command);
      } else {
        this.#malformed(`close with the code ${command.code}`);
      }
    },
    closeServer: (command) => this.#sockets.servers.close(command),
    timer: ({ delay }) => this.#armTimer(delay),
    print: ({ level, text }) => this.emit('print', { level: PRINT_LEVELS[level] ?? 'log', text }),
    reportError: ({ text, stack }) => this.#emitError(this.#error('ERR_AIRLOCK_UNCAUGHT_EXCEPTION', text, stack)),
    loaded: () => {
      this.#loaded = true;
      if (this.#setup.definition.entity) {
        this.#push({ type: 'preload', entityID: this.#setup.entityID });
      }
    },
    loadFailed: ({ text, stack }) => this.#fault('ERR_AIRLOCK_SCRIPT_LOAD_FAILED', text, stack),
    stop: () => void this.stop(),
    ping: (command) => {
      if (command.data.length <= 125) {
        this.#sockets.ping(command);
      } else {
        this.#malformed(`ping with ${command.data.length} bytes`);
      }
    },
    pause: (command) => this.#sockets.pauseByScript(command),
    resume: (command) => this.#sockets.resumeByScript(command),
    drain: (command) => this.#sockets.drain(command),
    acceptRequest: (command) => this.#check(this.#sockets.servers.requests.accept(command)),
    answerRequest: (command) => this.#check(this.#sockets.servers.requests.answer(command)),
    watchRequests: (command) => this.#sockets.servers.watch(command),
    ...serverCommands(() => this.#sockets, (malformed) => this.#check(malformed)),
  };

  readonly #answerers: Answerers = {
    listen: (question) =>
      this.#setup.definition.server && this.#state !== 'ended'
        ? this.#sockets.servers.listen(question, this.#turnUnderWay)
        : {
            type: 'listen',
            port: 0,
            url: '',
            code: 'ERR_AIRLOCK_LISTEN_DENIED',
            error: `a script of the type ${this.type} has no servers`,
          },
    latency: (question) => this.#sockets.servers.latency(question),
  };

  #armTimer(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (delay >= 0 && this.#state === 'running') {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#push({ type: 'timer' });
        },
        Math.min(delay, LONGEST_DELAY),
      );
    }
  }

  /** @param malformed what a command gave back that tells why it is malformed, where it is */
  #check(malformed: string | undefined): void {
    if (malformed !== undefined) {
      this.#malformed(malformed);
    }
  }

  #malformed(message: string): void {
    this.#fault('ERR_AIRLOCK_MALFORMED_COMMAND', `what came out of its isolate is malformed: ${message}`);
  }

  #fault(code: ErrorCode, message: string, stack = ''): void {
    if (this.#state !== 'ended') {
      const error = this.#error(code, message, stack);
      this.#emitError(error);
      this.#end({ reason: 'fault', error });
    }
  }

  #error(code: ErrorCode, message: string, stack: string): ScriptError {
    return new ScriptError(code, this.name, message, stack);
  }

  #emitError(error: ScriptError): void {
    // An EventEmitter throws an `error` that nobody listens to; a script's error must not end the host.
    if (this.listenerCount('error') > 0) {
      this.emit('error', error);
    }
  }

  #end(end: ScriptEnd): void {
    if (this.#state === 'ended') {
      return;
    }
    this.#state = 'ended';
    clearTimeout(this.#timer);
    clearTimeout(this.#stopTimer);
    this.#inbox.clear();
    this.#setup.cell.destroy(this.#setup.number);
    const closing =
      end.reason === 'fault' ? this.#sockets.closeAll(1011, '') : this.#sockets.closeAll(1001, '');
    void closing.then(() => {
      this.emit('ended', end);
      this.#resolveEnded(end);
      this.#setup.onChange();
    });
  }
}
