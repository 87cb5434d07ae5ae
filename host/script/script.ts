import { EventEmitter } from 'node:events';
import { PRINT_LEVELS, type CommandHandlers } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import type { TurnStatus } from '../../wire/frames.ts';
import type { Answer, Answerers, Question } from '../../wire/questions.ts';
import type { CellClient, CellDeath, Place } from '../cells/cell.ts';
import type { CommandBatch, CommandReceiver, OtherCommand, SendType } from '../cells/command-batch.ts';
import type { Isolation } from '../cells/isolation.ts';
import { ScriptError, codeOf, messageOf, type ErrorCode } from '../errors.ts';
import { originOf } from '../sockets/handshake-headers.ts';
import { isSendableCloseCode } from './close-codes.ts';
import { answerEnvironment } from './script-environment.ts';
import { Inbox } from './inbox.ts';
import { Incarnation } from './incarnation.ts';
import { Restarts } from './restarts.ts';
import { ScriptModules } from './script-modules.ts';
import type { ScriptEnd, ScriptEvents, ScriptSetup } from './script-setup.ts';
import { ScriptSockets, type SocketStatistics } from './script-sockets.ts';
import { serverCommands } from './server-commands.ts';
import type { ScriptType } from './script-types.ts';
import { TurnSchedule } from './turn-schedule.ts';

type State = 'waiting' | 'running' | 'ending' | 'ended';

/**
 * One script as the host sees it: its life, its inbox, and the carrying out of its commands.
 *
 * Errors are told by the `error` event where somebody listens to it, and never thrown.
 */
export class Script extends EventEmitter<ScriptEvents> {
  readonly name: string;
  readonly type: ScriptType;
  /** Whose it is. */
  readonly owner: string;
  readonly isolation: Isolation;
  /** Resolves when the script has ended, whyever; it never rejects. */
  readonly ended: Promise<ScriptEnd>;
  readonly #setup: ScriptSetup;
  readonly #inbox: Inbox;
  readonly #modules: ScriptModules;
  readonly #restarts: Restarts;
  #sockets: ScriptSockets;
  /** Sockets of earlier incarnations that are being closed. */
  readonly #closing = new Set<Promise<void>>();
  /** None between the death of a cell and the start in another one. */
  #incarnation: Incarnation | undefined;
  readonly #schedule = new TurnSchedule(() => this.#beginTurn());
  #state: State = 'waiting';
  #stopTimer: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #resolveEnded: (end: ScriptEnd) => void = () => {};

  constructor(setup: ScriptSetup) {
    super();
    this.#setup = setup;
    this.name = setup.name;
    this.type = setup.type;
    this.owner = setup.owner;
    this.isolation = setup.isolation;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const { limits, place } = setup;
    this.#inbox = new Inbox(limits.eventsPerTurn, limits.eventBytesPerTurn, limits.requestsPerTurn);
    this.#restarts = new Restarts(limits);
    this.#modules = new ScriptModules(setup);
    this.#sockets = this.#newSockets();
    this.#begin(place);
  }

  #newSockets(): ScriptSockets {
    const { baseUrl, dialect, limits, log, permissions, proxies, serverTls, tls } = this.#setup;
    return new ScriptSockets({
      permissions,
      limits,
      dialect,
      // Overte's handshakes have none.
      origin: dialect === 'web' ? originOf(baseUrl) : undefined,
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
  }

  /** Begins to run, in this place, from the start of the source. */
  #begin(place: Place): void {
    this.#incarnation = new Incarnation(place, this.#setup, this.#client);
    this.#push({ type: 'evaluate', source: this.#setup.source });
  }

  readonly #client: CellClient = {
    turned: (status, message, commands) => this.#turned(status, message, commands),
    answer: (commands, question) => this.#answer(commands, question),
    blamed: (death) => {
      this.#setup.onBlamed(death);
      this.#fault('ERR_AIRLOCK_CELL_DIED', this.#causeOf(death));
    },
    died: (death) => this.#died(death),
    malformed: (message) => this.#malformed(message),
  };

  /** The id of the process that it runs in: another one after a restart; undefined before that, and when it has ended. */
  get processId(): number | undefined {
    return this.#incarnation?.processId;
  }

  /** Whether nothing can happen to the script any more but by itself: it has no socket, server, timer or turn. */
  get idle(): boolean {
    return (
      this.#state === 'ended' ||
      (this.#incarnation?.idle === true &&
        this.#inbox.length === 0 &&
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
    if (this.#incarnation?.turnUnderWay === false) {
      this.#schedule.request();
    }
  }

  #beginTurn(): void {
    const incarnation = this.#incarnation;
    if (incarnation === undefined || incarnation.turnUnderWay) {
      return;
    }
    const events = this.#inbox.take();
    if (events === undefined) {
      return;
    }
    if (this.#state === 'waiting') {
      this.#state = 'running';
    }
    const { limits } = this.#setup;
    const buffered = this.#sockets.bufferedEvents();
    if (buffered.length > 0) {
      events.prepend(EVENT_SCHEMA, buffered);
    }
    this.#schedule.begun(events.count);
    this.#modules.turnBegins();
    incarnation.turn(events);
    if (this.#inbox.weight < limits.inboxBytes / 2) {
      this.#sockets.resume();
    }
  }

  #turned(status: TurnStatus, message: string, commands: CommandBatch): void {
    if (this.#incarnation !== undefined) {
      this.#incarnation.turnUnderWay = false;
    }
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

  #answer(commands: CommandBatch, question: Question): Answer | Promise<Answer> {
    this.#carryOut(commands);
    return (this.#answerers[question.type] as (question: Question) => Answer | Promise<Answer>)(question);
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
      if (this.#incarnation !== undefined) {
        this.#incarnation.loaded = true;
      }
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
        ? this.#sockets.servers.listen(question, this.#incarnation?.turnUnderWay)
        : {
            type: 'listen',
            port: 0,
            url: '',
            code: 'ERR_AIRLOCK_LISTEN_DENIED',
            error: `a script of the type ${this.type} has no servers`,
          },
    latency: (question) => this.#sockets.servers.latency(question),
    load: (question) => this.#modules.load(question),
    environment: ({ name }) => answerEnvironment(this.#setup, name),
  };

  #armTimer(delay: number): void {
    this.#incarnation?.armTimer(this.#state === 'running' ? delay : -1, () => this.#push({ type: 'timer' }));
  }

  /** The isolate is gone, by another script's doing or nobody's: the script starts again, from its source. */
  #died(death: CellDeath): void {
    const cause = this.#causeOf(death);
    this.#leaveCell();
    if (this.#state === 'ending' || this.#state === 'ended') {
      return this.#end({ reason: 'stopped' });
    }
    const delay = this.#restarts.next();
    if (delay === undefined) {
      const limit = `the limit of ${this.#setup.limits.restarts} restarts within ten minutes is reached`;
      return this.#fault('ERR_AIRLOCK_RESTARTED_TOO_OFTEN', `${cause}; ${limit}`);
    }
    this.#state = 'waiting';
    this.#inbox.clear();
    const closing = this.#sockets.closeAll(1011, '').then(() => void this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#sockets = this.#newSockets();
    this.#restartTimer = setTimeout(() => void this.#startAgain(cause, death.blamed), delay);
  }

  async #startAgain(cause: string, blamed: string | undefined): Promise<void> {
    let place: Place;
    try {
      place = await this.#setup.placeAgain();
    } catch (error) {
      return this.#fault((codeOf(error) || 'ERR_AIRLOCK_CELL_START_FAILED') as ErrorCode, messageOf(error));
    }
    if (this.#state !== 'waiting') {
      return place.leave();
    }
    this.#begin(place);
    this.#setup.log('warning', `started again: ${cause}`);
    this.emit('restarted', { cause, blamed, count: this.#restarts.count });
  }

  #causeOf({ message, what }: CellDeath): string {
    return `the ${what} that ran ${this.name} ${message}`;
  }

  #leaveCell(): void {
    this.#incarnation?.leave();
    this.#incarnation = undefined;
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
    clearTimeout(this.#stopTimer);
    clearTimeout(this.#restartTimer);
    this.#inbox.clear();
    this.#modules.stop();
    this.#leaveCell();
    const closing =
      end.reason === 'fault' ? this.#sockets.closeAll(1011, '') : this.#sockets.closeAll(1001, '');
    void Promise.all([closing, ...this.#closing]).then(() => {
      this.emit('ended', end);
      this.#resolveEnded(end);
      this.#setup.onChange();
    });
  }
}
