import type { LineCommand } from '../../wire/commands.ts';
import type { CommandReceiver } from '../cells/command-batch.ts';
import type { Log } from '../observe/log.ts';
import { Statistics, type LimitHit, type UsageStatistics } from '../observe/statistics.ts';
import type { LimitName, Limits } from '../policy/limits.ts';
import { Rate } from '../policy/rate.ts';
import type { TurnUsage } from '../../wire/frames.ts';
import { Budget, type Outbox } from './budget.ts';
import { FloodGate } from './flood-gate.ts';
import type { SocketStatistics } from './socket-statistics.ts';

/** What a script has used and done so far, and what its sockets and servers do. */
export interface ScriptStatistics extends UsageStatistics, SocketStatistics {}

/** What the statistics tell of now. */
export interface Present {
  readonly inboxBytes: number;
  readonly outboxBytes: number;
}

/** The account of one script: what it has used, what it may still use, and what of its output passes. */
export class ScriptAccount {
  readonly statistics: Statistics;
  readonly budget: Budget;
  /** The host's log, for what the script brings about in it. */
  readonly log: Log;
  /** Tells that a limit is hit. */
  readonly hit: (limit: LimitName) => void;
  readonly #prints: FloodGate;
  readonly #errors: FloodGate;
  readonly #logs: FloodGate;
  readonly #limits: Limits;
  #lifetime: NodeJS.Timeout | undefined;

  /** @param onReadable called when sockets that had to wait may be read again */
  constructor(limits: Limits, log: Log, outbox: () => Outbox, onReadable: () => void) {
    const statistics = new Statistics(limits, log);
    this.#limits = limits;
    this.statistics = statistics;
    this.hit = (limit) => void statistics.hit(limit);
    this.budget = new Budget(limits, statistics, outbox, onReadable);
    const gate = (names: readonly LimitName[], what: string): FloodGate =>
      new FloodGate(
        names.map((name) => [name, new Rate(limits[name])]),
        statistics,
        (count) => log('warning', `${count} more ${what}`, undefined, names[0]),
      );
    this.#prints = gate(['printsPerSecond', 'printBytesPerSecond'], 'lines were not printed');
    this.#errors = gate(['errorsPerSecond'], 'errors were not reported');
    this.#logs = gate(['logsPerSecond'], 'lines were not logged');
    this.log = (level, message, code, limit) => {
      if (this.#logs.passes()) {
        statistics.logs++;
        log(level, message, code, limit);
      } else {
        statistics.logsDropped++;
      }
    };
  }

  /** Whether a line that the script prints passes. */
  print(text: string): boolean {
    const passes = this.#prints.passes(text.length);
    this.statistics[passes ? 'prints' : 'printsDropped']++;
    return passes;
  }

  /** Tells the lines of a turn that is lost. If there were more of them, nobody knows how many. */
  lost(lines: readonly LineCommand[], hasMore: boolean, receiver: CommandReceiver): void {
    lines.forEach((line) => receiver.command(line));
    if (hasMore) {
      this.log('warning', 'printed more in the turn that is lost than is shown of it', undefined, 'printsPerSecond');
    }
  }

  /** Whether an error that it did not catch is told. */
  error(): boolean {
    const passes = this.#errors.passes();
    this.statistics[passes ? 'errors' : 'errorsDropped']++;
    return passes;
  }

  /**
   * A turn has ended. Returns the limit that it cannot be beyond, where its isolate is.
   *
   * @param shared whether other scripts are in that isolate, whose memory is not this script's alone
   */
  turned(usage: TurnUsage, shared: boolean): LimitName | undefined {
    const exceeded = this.budget.turned(usage);
    return exceeded === 'memory' && shared ? undefined : exceeded;
  }

  /** Starts the time that the script may run. */
  live(onOver: (limit: LimitHit) => void): void {
    const { lifetime } = this.#limits;
    if (lifetime > 0) {
      this.#liveUntil(performance.now() + lifetime, () => onOver(this.end('lifetime')));
    }
  }

  /** Tells that a limit is hit, and gives what `ended` says of it. */
  end(name: LimitName): LimitHit {
    this.statistics.hit(name);
    return this.statistics.hitOf(name);
  }

  snapshot(present: Present, sockets: SocketStatistics): ScriptStatistics {
    Object.assign(this.statistics, present);
    return { ...this.statistics.snapshot(), ...sockets };
  }

  /** The script has ended. What was dropped last is told. */
  close(): void {
    clearTimeout(this.#lifetime);
    this.budget.stop();
    for (const gate of [this.#prints, this.#errors, this.#logs]) {
      gate.flush();
    }
  }

  /** A Node timer takes no more than 2^31 - 1 ms. */
  #liveUntil(deadline: number, onOver: () => void): void {
    const left = deadline - performance.now();
    this.#lifetime = setTimeout(
      () => (left > LONGEST_DELAY ? this.#liveUntil(deadline, onOver) : onOver()),
      Math.min(Math.max(1, left), LONGEST_DELAY),
    );
    // Nothing else of a host waits for it.
    this.#lifetime.unref();
  }
}

/** The largest delay that a Node timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1;
