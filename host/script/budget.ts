import type { Statistics } from '../observe/statistics.ts';
import type { LimitName, Limits } from '../policy/limits.ts';
import { Rate } from '../policy/rate.ts';
import { GUEST_LIMITS } from '../../wire/settings.ts';
import type { TurnUsage } from '../../wire/frames.ts';

/** A socket that had to wait is not read for less than so long, so that there is no timer for each message. */
const SHORTEST_HOLD = 50;

/** How often it is looked whether peers have taken what waits for them, in milliseconds. */
const OUTBOX_INTERVAL = 25;

/** What waits for a script's peers. */
export interface Outbox {
  /** What the kernel has not taken. */
  readonly bytes: number;
  /** Cuts those connections off that have the most of them, until there are no more than so many. */
  cutSlowest(message: string, most: number): void;
}

/**
 * What one script may use in a second, and what becomes of it when that is too much: its turns wait, or its sockets are not
 * read. Nothing is lost by that, and nothing refused.
 */
export class Budget {
  readonly #limits: Limits;
  readonly #statistics: Statistics;
  readonly #outbox: () => Outbox;
  readonly #cpu: Rate;
  readonly #receivedMessages: Rate;
  readonly #receivedBytes: Rate;
  /** What may hold up the next turn. */
  readonly #turnRates: readonly (readonly [LimitName, Rate])[];
  readonly #sent: readonly [messages: Rate, bytes: Rate];
  readonly #connects: Rate;
  readonly #onReadable: () => void;
  /** What waited for the peers when it was last looked, and what had been sent by then. */
  #unsent = 0;
  #bytesAtLook = 0;
  /** What was received when that was last settled, and what it may come to before that is done again. */
  #messagesSettled = 0;
  #bytesSettled = 0;
  #messagesUnsettled = 0;
  #bytesUnsettled = 0;
  #messagesCharged = 0;
  #bytesCharged = 0;
  #hold: NodeJS.Timeout | undefined;
  /** Since when the next turn has to wait, and for which limit. */
  #waitsSince = 0;
  #waitsFor: LimitName | undefined;
  #lastTimer = -Infinity;

  /** @param onReadable called when sockets that had to wait may be read again */
  constructor(limits: Limits, statistics: Statistics, outbox: () => Outbox, onReadable: () => void) {
    this.#limits = limits;
    this.#statistics = statistics;
    this.#outbox = outbox;
    this.#onReadable = onReadable;
    // A whole core is all that an isolate can use.
    this.#cpu = new Rate(limits.cpuShare === 100 ? Infinity : limits.cpuShare * 10);
    this.#receivedMessages = new Rate(limits.messagesReceivedPerSecond);
    this.#receivedBytes = new Rate(limits.bytesReceivedPerSecond);
    this.#sent = [new Rate(limits.messagesSentPerSecond), new Rate(limits.bytesSentPerSecond)];
    this.#turnRates = [
      ['cpuShare', this.#cpu],
      ['messagesSentPerSecond', this.#sent[0]],
      ['bytesSentPerSecond', this.#sent[1]],
    ];
    this.#connects = new Rate(limits.connectsPerSecond);
  }

  /** A turn has ended. Returns why that cannot be, where what its isolate says of itself is beyond its limits. */
  turned({ cpuTime, external, heap, refused, timers }: TurnUsage): LimitName | undefined {
    const statistics = this.#statistics;
    statistics.turn(cpuTime / 1000);
    this.#cpu.take(cpuTime / 1000);
    this.sent();
    if (heap > 0) {
      statistics.heapBytes = heap * 1024;
      statistics.externalBytes = external * 1024;
    }
    statistics.timers = timers;
    if (refused !== 0) {
      for (const [index, limit] of GUEST_LIMITS.entries()) {
        if ((refused & (1 << index)) !== 0) {
          statistics.hit(limit);
        }
      }
    }
    // The isolate ends itself at its limit; twice that is never measured in one that does.
    if (heap + external > 2 * 1024 * this.#limits.memory) {
      return 'memory';
    }
    return timers > this.#limits.timers ? 'timers' : undefined;
  }

  /** A message of so many bytes is sent on a socket. */
  send(bytes: number): void {
    this.#statistics.messagesSent++;
    this.#statistics.bytesSent += bytes;
  }

  /** Takes account of what was sent since the last time. */
  sent(): void {
    const { bytesSent, messagesSent } = this.#statistics;
    this.#sent[0].take(messagesSent - this.#messagesCharged);
    this.#sent[1].take(bytesSent - this.#bytesCharged);
    this.#messagesCharged = messagesSent;
    this.#bytesCharged = bytesSent;
  }

  /** How long the next turn has to wait, in milliseconds; to be asked again after that. */
  get turnWait(): number {
    for (const [name, rate] of this.#turnRates) {
      const { wait } = rate;
      if (wait > 0) {
        this.#waits(name);
        return wait;
      }
    }
    if (this.#isOutboxFull()) {
      const since = this.#waits('outboxBytes');
      if (performance.now() - since >= this.#limits.outboxTimeout) {
        this.#waitsFor = undefined;
        this.#outbox().cutSlowest(this.#statistics.hit('outboxTimeout'), this.#limits.outboxBytes);
      }
      return OUTBOX_INTERVAL;
    }
    if (this.#waitsFor !== undefined) {
      this.#countWait();
      this.#waitsFor = undefined;
    }
    return 0;
  }

  /** A message has come. Returns whether its socket must not be read any more until `onReadable`. */
  received(bytes: number): boolean {
    const statistics = this.#statistics;
    statistics.messagesReceived++;
    statistics.bytesReceived += bytes;
    if (statistics.messagesReceived >= this.#messagesUnsettled || statistics.bytesReceived >= this.#bytesUnsettled) {
      this.#settleReceived();
    }
    return this.isReadingHeld;
  }

  /** Whether sockets must not be read, because too much was received. */
  get isReadingHeld(): boolean {
    return this.#hold !== undefined;
  }

  /** A connection is opened. Returns how long that has to wait, in milliseconds. */
  connectDelay(): number {
    this.#statistics.connects++;
    if (this.#connects.take(1) >= 0) {
      return 0;
    }
    this.#statistics.hit('connectsPerSecond');
    return this.#connects.wait;
  }

  /** When a timer that is due in so many milliseconds may begin a turn: in how many. */
  timerDelay(delay: number): number {
    const earliest = this.#lastTimer + this.#limits.timerInterval - performance.now();
    if (earliest > Math.max(1, delay)) {
      this.#statistics.hit('timerInterval');
      return earliest;
    }
    return delay;
  }

  /** A timer begins a turn. */
  timerFired(): void {
    this.#lastTimer = performance.now();
  }

  /** The script has ended. */
  stop(): void {
    clearTimeout(this.#hold);
    this.#hold = undefined;
  }

  /** Returns since when the turn waits for this. */
  #waits(name: LimitName): number {
    if (this.#waitsFor !== name) {
      if (this.#waitsFor !== undefined) {
        this.#countWait();
      }
      this.#waitsFor = name;
      this.#waitsSince = performance.now();
      this.#statistics.hit(name);
    }
    return this.#waitsSince;
  }

  /** Looks at the sockets only where so much was sent since the last look that it can be. */
  #isOutboxFull(): boolean {
    const { outboxBytes } = this.#limits;
    const { bytesSent } = this.#statistics;
    if (this.#unsent + bytesSent - this.#bytesAtLook > outboxBytes) {
      this.#unsent = this.#outbox().bytes;
      this.#bytesAtLook = bytesSent;
    }
    return this.#unsent > outboxBytes;
  }

  #countWait(): void {
    this.#statistics.waitTime += performance.now() - this.#waitsSince;
  }

  /**
   * Looks at the clock only when half of what was there is used up, and so seldom while there is much: a message must not cost
   * a look.
   */
  #settleReceived(): void {
    const { bytesReceived, messagesReceived } = this.#statistics;
    const messages = this.#receivedMessages.take(messagesReceived - this.#messagesSettled);
    const bytes = this.#receivedBytes.take(bytesReceived - this.#bytesSettled);
    this.#messagesSettled = messagesReceived;
    this.#bytesSettled = bytesReceived;
    this.#messagesUnsettled = messagesReceived + Math.max(1, messages / 2);
    this.#bytesUnsettled = bytesReceived + Math.max(1, bytes / 2);
    if ((messages < 0 || bytes < 0) && this.#hold === undefined) {
      this.#statistics.hit(messages < 0 ? 'messagesReceivedPerSecond' : 'bytesReceivedPerSecond');
      this.#holdReading();
    }
  }

  #holdReading(): void {
    this.#hold = setTimeout(
      () => {
        this.#hold = undefined;
        this.#onReadable();
      },
      Math.max(SHORTEST_HOLD, this.#receivedMessages.wait, this.#receivedBytes.wait),
    );
  }
}
