import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HostInbox } from '../../../host/script/host-inbox.ts';
import { InboxRoom, type RoomUser } from '../../../host/script/inbox-room.ts';

/** The largest message of a connection: a script and a host may each hold one beyond the limit. */
const LARGEST = 300;
const CONNECTIONS = 4;

/** A connection as its peer moves it: it asks for room, waits, and is done. */
class Peer implements RoomUser {
  readonly #script: ModelScript;
  /** Whether it is done with its message as soon as there is room. */
  readonly isQuick: boolean;
  reserved = 0;
  asked = 0;

  constructor(script: ModelScript, isQuick: boolean) {
    this.#script = script;
    this.isQuick = isQuick;
  }

  get isWaiting(): boolean {
    return this.#script.waiting.includes(this);
  }

  ask(bytes: number): void {
    const { holders, room, waiting } = this.#script;
    const wanted = Math.min(bytes, LARGEST - this.reserved);
    if (this.isWaiting || wanted === 0) {
      return;
    }
    this.asked = wanted;
    const mayPass = waiting.length === 0 || holders[0] === this;
    waiting.push(this);
    if (room.reserve(this, this.asked)) {
      expect(mayPass).toBe(true);
      this.#take();
    }
  }

  roomAgain(): void {
    const { holders, waiting } = this.#script;
    expect(waiting).toContain(this);
    // First come first served, apart from the one that has begun first.
    expect([waiting[0], holders[0]]).toContain(this);
    this.#take();
    if (this.isQuick) {
      this.finish();
    }
  }

  /** The message is whole: it waits for the script now. */
  finish(): void {
    if (!this.isWaiting && this.reserved > 0) {
      this.#script.weight += this.reserved;
      this.#leave();
      this.#script.room.release(this);
    }
  }

  /** The connection goes away with half a message. */
  close(): void {
    this.#script.waiting = this.#script.waiting.filter((each) => each !== this);
    this.#leave();
    this.#script.room.forget(this);
  }

  fail(): void {
    throw new Error('nothing waits so long here');
  }

  #take(): void {
    const script = this.#script;
    script.waiting = script.waiting.filter((each) => each !== this);
    if (this.reserved === 0) {
      script.holders.push(this);
    }
    this.reserved += this.asked;
    // But for this one message, the limits hold.
    expect(script.used - this.reserved).toBeLessThanOrEqual(script.most);
    expect(script.host.total - this.reserved).toBeLessThanOrEqual(script.host.mostOfOthers);
  }

  #leave(): void {
    this.#script.holders = this.#script.holders.filter((each) => each !== this);
    this.reserved = 0;
  }
}

class ModelScript {
  readonly most: number;
  readonly host: HostInbox;
  readonly room: InboxRoom;
  readonly peers = Array.from({ length: CONNECTIONS }, (_, index) => new Peer(this, index % 2 === 1));
  weight = 0;
  holders: Peer[] = [];
  waiting: Peer[] = [];

  constructor(most: number, host: HostInbox) {
    this.most = most;
    this.host = host;
    this.room = new InboxRoom(most, () => this.weight, host, () => {}, () => {});
  }

  get used(): number {
    return this.holders.reduce((sum, { reserved }) => sum + reserved, this.weight);
  }

  /** The script has taken all that waited. */
  turn(): void {
    this.weight = 0;
    this.room.makeRoom();
  }
}

type Step =
  | { readonly do: 'ask'; readonly script: number; readonly peer: number; readonly bytes: number }
  | { readonly do: 'finish' | 'close'; readonly script: number; readonly peer: number }
  | { readonly do: 'turn'; readonly script: number }
  | { readonly do: 'tick' };

const script = fc.nat({ max: 2 });
const peer = fc.nat({ max: CONNECTIONS - 1 });
/** Small ones first let many begin, and then none can go on. */
const size = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: LARGEST }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('ask' as const), script, peer, bytes: size }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('finish' as const, 'finish' as const, 'close' as const), script, peer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const), script }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'tick' }) },
);

async function carryOut(steps: readonly Step[], scripts: readonly ModelScript[], check: () => void): Promise<void> {
  for (const each of steps) {
    if (each.do === 'tick') {
      await setImmediate();
    } else {
      const at = scripts[each.script] as ModelScript;
      const of = 'peer' in each ? (at.peers[each.peer] as Peer) : undefined;
      switch (each.do) {
        case 'ask':
          of?.ask(each.bytes);
          break;
        case 'finish':
          of?.finish();
          break;
        case 'close':
          of?.close();
          break;
        default:
          at.turn();
      }
    }
    check();
  }
}

describe('the room of three scripts on one host, whatever their peers do', () => {
  const limits = { most: fc.integer({ min: 20, max: 400 }), hostMost: fc.integer({ min: 20, max: 800 }) };

  test('is never exceeded by more than a message, is given first come first served, and nobody waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100, size: 'max' }), limits.most, limits.hostMost, async (steps, most, hostMost) => {
        const host = new HostInbox(hostMost);
        const scripts = [0, 1, 2].map(() => new ModelScript(most, host));
        await carryOut(steps, scripts, () => {
          for (const { used } of scripts) {
            expect(used).toBeLessThanOrEqual(most + LARGEST);
          }
          expect(host.total).toBe(scripts.reduce((sum, { used }) => sum + used, 0));
          expect(host.total).toBeLessThanOrEqual(host.mostOfOthers + LARGEST);
        });
        // Each peer finishes what it has begun, and each script takes what waits.
        for (let round = 0; round < 100 && scripts.some(({ used, waiting }) => used + waiting.length > 0); round++) {
          scripts.forEach(({ holders }) => [...holders].forEach((each) => each.finish()));
          scripts.forEach((each) => each.turn());
          await setImmediate();
        }
        expect(scripts.map(({ waiting }) => waiting.length)).toEqual([0, 0, 0]);
        expect(host.total).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('is given back when connections go away with half messages, and when scripts end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), limits.most, limits.hostMost, fc.boolean(), async (steps, most, hostMost, isEnd) => {
        const host = new HostInbox(hostMost);
        const scripts = [0, 1, 2].map(() => new ModelScript(most, host));
        await carryOut(steps, scripts, () => {});
        for (const each of scripts) {
          if (isEnd) {
            each.room.end();
          } else {
            each.peers.forEach((one) => one.close());
            each.turn();
          }
        }
        expect(host.total).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

test.each([1, 2, 4, 8])('%d greedy scripts get equal parts of a host, and leave as much for one more', (count) => {
  const host = new HostInbox(9000);
  const weights = Array.from({ length: count }, () => 0);
  const rooms = weights.map((_, index) => new InboxRoom(100_000, () => weights[index] as number, host, () => {}, () => {}));
  // A message each in turn, until no more is read.
  for (let isRead = true; isRead; ) {
    isRead = false;
    rooms.forEach((room, index) => {
      if (!room.isFull) {
        weights[index] = (weights[index] as number) + 10;
        isRead = true;
      }
    });
  }
  const part = 9000 / (count + 1);
  for (const weight of weights) {
    expect(Math.abs(weight - part)).toBeLessThanOrEqual(20 * count);
  }
  expect(host.most - host.total).toBeGreaterThanOrEqual(part - 20 * count);
  rooms.forEach((room) => room.end());
  expect(host.total).toBe(0);
});
