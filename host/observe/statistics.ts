import { limitLevel, limitWords } from '../policy/limit-words.ts';
import type { LimitName, Limits } from '../policy/limits.ts';
import type { Log } from './log.ts';

/** A limit that a script has hit. */
export interface LimitHit {
  readonly name: LimitName;
  /** The limit itself, in the unit of its row in `docs/limits.md`. */
  readonly value: number;
  /** The words in which the log and `ended` tell it too. */
  readonly message: string;
  /** How often; a turn or a socket that it holds up for long counts once. */
  readonly count: number;
}

/** What a script has used and done so far. Counts are since its start, sizes in bytes, times in milliseconds. */
export interface UsageStatistics {
  readonly turns: number;
  /** Processor time of its turns. */
  readonly cpuTime: number;
  /** Of one core, in percent, in the last second. */
  readonly cpuShare: number;
  /** How long its turns have waited because of a limit. */
  readonly waitTime: number;
  /** What lives in the heap of its isolate, as last measured, at most ten times a second. */
  readonly heapBytes: number;
  /** What its isolate has outside of that: ArrayBuffers. */
  readonly externalBytes: number;
  /** Now: its timers, and what waits for it and for its peers. */
  readonly timers: number;
  readonly inboxBytes: number;
  readonly outboxBytes: number;
  readonly connects: number;
  readonly messagesReceived: number;
  readonly bytesReceived: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  /** How often a server could not listen, or stopped listening by an error. */
  readonly listenFailures: number;
  readonly prints: number;
  /** Of its lines, errors and lines in the host's log, those that were dropped for their number. */
  readonly printsDropped: number;
  readonly errors: number;
  readonly errorsDropped: number;
  readonly logs: number;
  readonly logsDropped: number;
  /** The limits that it has hit, in the order in which it first did. */
  readonly limits: readonly LimitHit[];
}

type Counted = Exclude<keyof UsageStatistics, 'limits'>;

/** A limit that is hit again and again is told so seldom, in milliseconds. */
const TELL_AGAIN = 60_000;

/** Over how long the share of a core is measured, in milliseconds. */
const SHARE_PERIOD = 1000;

interface Hits {
  readonly message: string;
  count: number;
  toldAt: number;
}

/** What is counted of one script. Numbers that are added to; a snapshot is made where somebody asks. */
export class Statistics implements Record<Counted, number> {
  turns = 0;
  cpuTime = 0;
  cpuShare = 0;
  waitTime = 0;
  heapBytes = 0;
  externalBytes = 0;
  timers = 0;
  inboxBytes = 0;
  outboxBytes = 0;
  connects = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  messagesSent = 0;
  bytesSent = 0;
  listenFailures = 0;
  prints = 0;
  printsDropped = 0;
  errors = 0;
  errorsDropped = 0;
  logs = 0;
  logsDropped = 0;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #hits = new Map<LimitName, Hits>();
  #periodBegan = performance.now();
  #periodCpu = 0;

  constructor(limits: Limits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** A turn has used so much processor time, in milliseconds. */
  turn(cpuTime: number): void {
    this.turns++;
    this.cpuTime += cpuTime;
    this.#closePeriod();
    this.#periodCpu += cpuTime;
  }

  /** A limit is hit: counted, and told in the log, though not again and again. Returns the words for it. */
  hit(name: LimitName): string {
    const hits = this.#count(name);
    const now = performance.now();
    if (now - hits.toldAt >= TELL_AGAIN) {
      hits.toldAt = now;
      const message = hits.count === 1 ? hits.message : `${hits.message} (${hits.count} times so far)`;
      this.#log(limitLevel(name), message, undefined, name);
    }
    return hits.message;
  }

  /** A limit is hit, and who calls this tells it in the log, together with more. Returns the words for it. */
  hitUntold(name: LimitName): string {
    return this.#count(name).message;
  }

  /** What the `ended` event tells of a limit. */
  hitOf(name: LimitName): LimitHit {
    const value = this.#limits[name];
    return { name, value, message: limitWords(name, value), count: this.#hits.get(name)?.count ?? 0 };
  }

  snapshot(): UsageStatistics {
    this.#closePeriod();
    const counted = Object.fromEntries(Object.entries(this)) as Record<Counted, number>;
    return {
      ...counted,
      cpuTime: rounded(this.cpuTime),
      waitTime: rounded(this.waitTime),
      cpuShare: rounded(this.cpuShare),
      limits: [...this.#hits.keys()].map((name) => this.hitOf(name)),
    };
  }

  #count(name: LimitName): Hits {
    let hits = this.#hits.get(name);
    if (hits === undefined) {
      this.#hits.set(name, (hits = { message: limitWords(name, this.#limits[name]), count: 0, toldAt: -Infinity }));
    }
    hits.count++;
    return hits;
  }

  /** Turns that end in the same second are one share. A script that does nothing has none. */
  #closePeriod(): void {
    const now = performance.now();
    const length = now - this.#periodBegan;
    if (length >= SHARE_PERIOD) {
      // Time of a turn that has begun before the period is told in it: never more than all.
      this.cpuShare = Math.min(100, (this.#periodCpu / length) * 100);
      this.#periodBegan = now;
      this.#periodCpu = 0;
    }
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
