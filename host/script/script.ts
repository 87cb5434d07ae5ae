import { EventEmitter } from 'node:events';
import { PRINT_LEVELS } from '../../wire/commands.ts';
import { EVENT_SCHEMA, type Event } from '../../wire/events.ts';
import type { TurnStatus, TurnUsage } from '../../wire/frames.ts';
import type { Answer, Answerers, Question } from '../../wire/questions.ts';
import type { CellClient, CellDeath, Place } from '../cells/cell.ts';
import type { CommandBatch, CommandCarriers, OtherCommand, Rest } from '../cells/command-batch.ts';
import type { Isolation } from '../cells/isolation.ts';
import { ScriptError, codeOf, messageOf, type ErrorCode } from '../errors.ts';
import { limitAdvice } from '../policy/limit-words.ts';
import type { LimitName } from '../policy/limits.ts';
import { LOOP_SHARE } from '../policy/loop-share.ts';
import { CommandQueue, type Carrier } from './command-queue.ts';
import { Hold } from './hold.ts';
import { causeOf, logCrash } from './cell-deaths.ts';
import { answerEnvironment } from './script-environment.ts';
import { Inbox } from './inbox.ts';
import { InboxRoom } from './inbox-room.ts';
import { Incarnation } from './incarnation.ts';
import { Restarts } from './restarts.ts';
import { ScriptAccount, type ScriptStatistics } from './script-account.ts';
import { ScriptModules } from './script-modules.ts';
import type { ScriptEnd, ScriptEvents, ScriptSetup } from './script-setup.ts';
import type { Occurrence } from '../observe/log.ts';
import { notListening } from './script-servers.ts';
import { ScriptSockets } from './script-sockets.ts';
import { socketCommands } from './socket-commands.ts';
import type { ScriptType } from './script-types.ts';
import { turnFault } from './turn-fault.ts';
import { TurnSchedule } from './turn-schedule.ts';

/** How it ends; who and when is added when it has ended. */
type Ending = Omit<ScriptEnd, keyof Occurrence>;

type Handler = (command: OtherCommand) => Rest | void;
type State = 'waiting' | 'running' | 'ending' | 'ended';

/**
 * One script as the host sees it: its life, its inbox, and the carrying out of its commands.
 *
 * Errors are told by the `error` event where somebody listens to it, and never thrown.
 */
export class Script extends EventEmitter<ScriptEvents> {
  /** Unique: two scripts may have the same name and owner. */
  readonly id: string;
  readonly name: string;
  readonly type: ScriptType;
  /** Whose it is. */
  readonly owner: string;
  readonly isolation: Isolation;
  /** Resolves when the script has ended, whyever; it never rejects. */
  readonly ended: Promise<ScriptEnd>;
  readonly #setup: ScriptSetup;
  readonly #inbox: Inbox;
  readonly #room: InboxRoom;
  readonly #modules: ScriptModules;
  readonly #restarts: Restarts;
  /** What it has left behind in a fault, or another one of its name. */
  readonly #hold: Hold;
  #sockets: ScriptSockets;
  /** Sockets of earlier incarnations that are being closed. */
  readonly #closing = new Set<Promise<void>>();
  /** None between the death of a cell and the start in another one. */
  #incarnation: Incarnation | undefined;
  readonly #account: ScriptAccount;
  /** A script that is to end waits for nothing. */
  readonly #schedule = new TurnSchedule(() => this.#beginTurn(), () => (this.#takesEvents ? this.#account.budget.turnWait : 0));
  /** How it has ended, when it has done so in order. */
  #endsAs: Ending = { reason: 'stopped' };
  #state: State = 'waiting';
  #stopTimer: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #ended = Promise.withResolvers<ScriptEnd>();
  constructor(setup: ScriptSetup) {
    super();
    this.#setup = setup;
    this.id = setup.id;
    this.name = setup.name;
    this.type = setup.type;
    this.owner = setup.owner;
    this.isolation = setup.isolation;
    this.ended = this.#ended.promise;
    const { limits } = setup;
    this.#inbox = new Inbox(limits.eventsPerTurn, limits.eventBytesPerTurn, limits.requestsPerTurn);
    this.#room = new InboxRoom(limits.inboxBytes, () => this.#inbox.weight, setup.hostInbox, () => this.#resumeReading(), () => this.#account.hit('inboxBytes'));
    this.#restarts = new Restarts(limits);
    // Nothing is looked at before the first turn.
    this.#account = new ScriptAccount(limits, setup.log, () => this.#sockets.unsent, () => this.#resumeReading());
    this.#hold = setup.hold ?? new Hold(limits, this.#account.hit, setup.hostInbox);
    this.#modules = new ScriptModules(setup, this.#account.hit);
    this.#sockets = this.#newSockets();
    this.#begin(setup.place);
    this.#account.live((limit) => {
      this.#endsAs = { reason: 'limit', limit };
      void this.stop();
    });
  }

  #newSockets(): ScriptSockets {
    return new ScriptSockets({
      ...this.#setup,
      account: this.#account,
      log: this.#account.log,
      hold: this.#hold,
      holdable: this.#setup.onFault === 'hold' ? this.#inbox : undefined,
      push: (event) => this.#push(event),
      message: (socket, kind, data, start, end) => {
        if (this.#takesEvents) {
          this.#inbox.message(socket, kind, data, start, end);
          this.#scheduleTurn();
        }
      },
      room: this.#room,
    });
  }

  /** Begins to run, in this place, from the start of the source. */
  #begin(place: Place): void {
    this.#incarnation = new Incarnation(place, this.#setup, this.#client);
    this.#push({ type: 'evaluate', source: this.#setup.source });
  }

  readonly #client: CellClient = {
    turned: (status, message, commands, usage) => this.#commands.push(commands, () => this.#turned(status, message, usage)),
    answer: (commands, question) => this.#answer(commands, question),
    lost: (lines, hasMore) => this.#account.lost(lines, hasMore, this.#carrier),
    // What it has commanded in turns that have ended counts.
    blamed: (death) => {
      this.#setup.onBlamed(death);
      logCrash(death, this.#setup.log);
      this.#commands.whenDone(() => this.#fault('ERR_AIRLOCK_CELL_DIED', causeOf(death, this.name), '', death.limit));
    },
    died: (death) => this.#commands.whenDone(() => this.#died(death)),
    malformed: (message) => this.#malformed(message),
  };

  /** What the script has used and done so far. */
  get statistics(): ScriptStatistics {
    return this.#account.snapshot({ inboxBytes: this.#inbox.weight, outboxBytes: this.#sockets.unsent.bytes }, this.#sockets.statistics);
  }

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

  /**
   * Ends the script in order: its timers, `unload`, `scriptEnding`, its sockets with 1001. Resolves, as `ended` does,
   * when that is done; a script that takes longer than the limit `stopTimeout` is cut off.
   */
  stop(): Promise<ScriptEnd> {
    if (this.#state === 'waiting') {
      this.#end(this.#endsAs);
    } else if (this.#state === 'running') {
      this.#state = 'ending';
      this.#sockets.servers.stopAccepting();
      this.#inbox.push({ type: 'end' });
      this.#scheduleTurn();
      this.#schedule.hurry();
      const cutOff = (): void => this.#end({ limit: this.#account.end('stopTimeout'), ...this.#endsAs });
      this.#stopTimer = setTimeout(cutOff, this.#setup.limits.stopTimeout);
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
      this.#schedule.request(this.#incarnation.runsBeside ? this.#inbox.length : 0);
    }
  }

  #beginTurn(): void {
    const incarnation = this.#incarnation;
    if (incarnation === undefined || incarnation.turnUnderWay) {
      return;
    }
    if (incarnation.isSliced) {
      this.#account.statistics.hit('turnSlice');
      this.#modules.turnBegins();
      return incarnation.resume();
    }
    const events = this.#inbox.take();
    if (events === undefined) {
      return;
    }
    if (this.#state === 'waiting') {
      this.#state = 'running';
    }
    if (this.#inbox.length > 0) {
      this.#account.statistics.hit(this.#inbox.cutBy);
    }
    const buffered = this.#sockets.unsent.events();
    if (buffered.length > 0) {
      events.prepend(EVENT_SCHEMA, buffered);
    }
    this.#schedule.begun(events.count);
    this.#modules.turnBegins();
    incarnation.turn(events);
    this.#resumeReading();
  }

  /** Reads on from the sockets that had to wait, where nothing is left that they wait for. */
  #resumeReading(): void {
    if (this.#room.makeRoom() && !this.#account.budget.isReadingHeld) {
      this.#sockets.resume();
    }
  }

  /** A turn has ended, and its commands are carried out. */
  #turned(status: TurnStatus, message: string, usage: TurnUsage): void {
    this.#incarnation?.turnEnded(status === 'sliced');
    this.#sockets.servers.turnEnded();
    const exceeded = this.#account.turned(usage, this.isolation === 'context');
    const fault = turnFault(status, message, exceeded, this.#setup.limits);
    if (fault !== undefined) {
      return this.#fault(fault.code, fault.message, fault.stack, fault.limit);
    }
    if (this.#inbox.length > 0 || this.#incarnation?.isSliced === true) {
      this.#scheduleTurn();
    } else if (this.#state === 'ending') {
      this.#end(this.#endsAs);
    } else {
      this.#setup.onChange();
    }
  }

  #answer(commands: CommandBatch, question: Question): Answer | Promise<Answer> {
    const answerer = this.#answerers[question.type] as (question: Question) => Answer | Promise<Answer>;
    // In this very process a turn cannot wait.
    return this.#commands.ask(commands, () => answerer(question), this.#incarnation?.runsBeside === true);
  }

  readonly #carrier: Carrier = {
    send: (type, socket, data, start, end) => this.#state !== 'ended' && this.#sockets.send(type, socket, data, start, end),
    command: (command) => (this.#state === 'ended' ? undefined : ((this.#handlers[command.type] as Handler)(command) ?? undefined)),
    endBatch: (share) => this.#sockets.flush(share),
  };
  readonly #commands = new CommandQueue(LOOP_SHARE, this.#carrier);

  readonly #handlers: CommandCarriers = {
    timer: ({ delay }) => this.#armTimer(delay),
    print: ({ level, text }) => void (this.#account.print(text) && this.emit('print', { level: PRINT_LEVELS[level] ?? 'log', text, ...this.#now() })),
    reportError: ({ text, stack }) => void (this.#account.error() && this.#tellError('ERR_AIRLOCK_UNCAUGHT_EXCEPTION', text, stack)),
    loaded: () => {
      this.#incarnation?.loaded();
      if (this.#setup.definition.entity) {
        this.#push({ type: 'preload', entityID: this.#setup.entityID });
      }
    },
    loadFailed: ({ text, stack }) => this.#fault('ERR_AIRLOCK_SCRIPT_LOAD_FAILED', text, stack),
    stop: () => void this.stop(),
    ...socketCommands(() => this.#sockets, (problem) => void (problem !== undefined && this.#malformed(problem)) as undefined),
  };

  readonly #answerers: Answerers = {
    listen: (question) =>
      this.#setup.definition.server && this.#state !== 'ended'
        ? this.#sockets.servers.listen(question, this.#incarnation?.turnUnderWay)
        : notListening('ERR_AIRLOCK_LISTEN_DENIED', `a script of the type ${this.type} has no servers`),
    latency: (question) => this.#sockets.servers.latency(question),
    load: (question) => this.#modules.load(question),
    environment: ({ name }) => answerEnvironment(this.#setup, name),
  };

  #armTimer(delay: number): void {
    const { budget } = this.#account;
    const fire = (): void => (budget.timerFired(), this.#push({ type: 'timer' }));
    this.#incarnation?.armTimer(this.#state === 'running' && delay >= 0 ? budget.timerDelay(delay) : -1, fire);
  }

  /** The isolate is gone, by another script's doing or nobody's: the script starts again, from its source. */
  #died(death: CellDeath): void {
    const cause = causeOf(death, this.name);
    if (death.blamed === undefined) {
      logCrash(death, this.#setup.log);
    }
    this.#leaveCell();
    if (this.#state === 'ending' || this.#state === 'ended') {
      return this.#end(this.#endsAs);
    }
    const delay = this.#restarts.next();
    if (delay === undefined) {
      const { message } = this.#account.statistics.hitOf('restarts');
      return this.#fault('ERR_AIRLOCK_RESTARTED_TOO_OFTEN', `${cause}; ${message}`, '', 'restarts');
    }
    this.#state = 'waiting';
    const closing = this.#endSockets(1011, this.#setup.onFault === 'hold').then(() => void this.#closing.delete(closing));
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
    this.emit('restarted', { cause, blamed, count: this.#restarts.count, ...this.#now() });
  }

  /** What waits for the script is held with its connections, or forgotten. */
  #endSockets(code: number, isHeld: boolean): Promise<void> {
    const waiting = isHeld ? this.#inbox.drain() : undefined;
    this.#inbox.clear();
    this.#room.wake();
    return this.#sockets.closeAll(code, waiting);
  }

  #leaveCell(): void {
    this.#incarnation?.leave();
    this.#incarnation = undefined;
  }

  #malformed(message: string): void {
    this.#fault('ERR_AIRLOCK_MALFORMED_COMMAND', `what came out of its isolate is malformed: ${message}`);
  }

  /** @param limit the limit that the script ends by, where it is one */
  #fault(code: ErrorCode, message: string, stack = '', limit?: LimitName): void {
    if (this.#state !== 'ended') {
      // The memory of a shared isolate is a limit of the script that came first.
      const advice = limit === undefined || (limit === 'memory' && this.isolation === 'context') ? '' : limitAdvice(limit, this.#setup.limits[limit]);
      const error = this.#tellError(code, `${message}${advice}`, stack);
      this.#end({ reason: 'fault', error, ...(limit === undefined ? {} : { limit: this.#account.end(limit) }) });
    }
  }

  #tellError(code: ErrorCode, message: string, stack: string): ScriptError {
    const error = new ScriptError(code, this.#now(), message, stack);
    // An EventEmitter throws an `error` that nobody listens to; a script's error must not end the host.
    if (this.listenerCount('error') > 0) {
      this.emit('error', error);
    }
    return error;
  }

  /** What every event tells. */
  #now(): Occurrence {
    return { script: this.name, owner: this.owner, id: this.id, time: Date.now() };
  }

  #end(ending: Ending): void {
    if (this.#state === 'ended') {
      return;
    }
    this.#incarnation?.tellLost();
    const isFault = ending.reason === 'fault';
    const isHeld = isFault && this.#state !== 'ending' && this.#setup.onFault === 'hold';
    this.#state = 'ended';
    [this.#stopTimer, this.#restartTimer].forEach((timer) => clearTimeout(timer));
    this.#schedule.stop();
    this.#account.close();
    this.#modules.stop();
    this.#commands.drop();
    this.#leaveCell();
    const code = isFault ? 1011 : 1001;
    const closing = this.#endSockets(code, isHeld);
    if (isHeld) {
      this.#setup.onLeft(this.#hold);
    }
    void Promise.all([closing, isHeld ? undefined : this.#hold.end(code), ...this.#closing]).then(() => {
      const end = { ...ending, ...this.#now() };
      this.#room.end();
      this.emit('ended', end);
      this.#ended.resolve(end);
      this.#setup.onChange();
    });
  }
}
