import { command, offerCommand, ownCommand, refused, tellTimers } from '../bridge.ts';
import { callScript } from '../boundary/callbacks.ts';
import { isSliceOver } from '../boundary/slice.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeGetSize,
  MapPrototypeHas,
  MapPrototypeSet,
  MathMax,
  MathMin,
  NumberConstructor,
  NumberIsNaN,
  TypeErrorConstructor,
  createList,
} from '../primordials.ts';
import { script } from '../settings.ts';
import { timerNow, turnBegan } from './timer-clock.ts';

interface Timer {
  readonly id: number;
  readonly callback: (...args: unknown[]) => unknown;
  readonly args: unknown[];
  /** In milliseconds; for a timeout, undefined. */
  readonly interval: number | undefined;
  /** When it is due, by `timerNow()`. */
  deadline: number;
  /** Keeps timers that are due at the same time in the order in which they were set. */
  order: number;
}

/** When something is due: kept by somebody who may set the timer for it later, or not at all. */
export interface DueTime {
  readonly deadline: number;
  readonly order: number;
}

/** HTML: a delay is a signed 32-bit number of milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1;

const timers = new MapConstructor<number, Timer>();
/** A binary heap, the earliest first. Cleared timers stay in it until they come up, or are the most of it. */
let heap = createList<Timer>();
let lastId = 0;
let lastOrder = 0;
/** The deadline that the host is armed for. */
let armed = Infinity;
/** The latest deadline of those that have run: they may run a millisecond before it. */
let reached = -Infinity;

export function setTimer(name: string, callback: unknown, delay: unknown, args: unknown[], repeats: boolean): number {
  if (typeof callback !== 'function') {
    throw new TypeErrorConstructor(`${name}: the first argument must be a function.`);
  }
  const milliseconds = delayOf(delay);
  const now = timerNow();
  return start(name, callback as Timer['callback'], args, repeats ? milliseconds : undefined, now + milliseconds, ++lastOrder, now);
}

export function dueIn(delay: number): DueTime {
  return { deadline: timerNow() + delayOf(delay), order: ++lastOrder };
}

/** Whether a timer for it could have run before the code that is running: it does not change in the middle of that. */
export function isDue({ deadline }: DueTime): boolean {
  return deadline <= reached || deadline <= turnBegan();
}

/** Sets a timer as it would have been set when `due` was made. */
export function setTimerAt(name: string, callback: () => void, { deadline, order }: DueTime): number {
  return start(name, callback, [], undefined, deadline, order, timerNow());
}

function delayOf(delay: unknown): number {
  const number = NumberConstructor(delay);
  // Zero would let a script run without a pause.
  return NumberIsNaN(number) ? 1 : MathMin(MathMax(1, number), LONGEST_DELAY);
}

function start(
  name: string,
  callback: Timer['callback'],
  args: unknown[],
  interval: number | undefined,
  deadline: number,
  order: number,
  now: number,
): number {
  if (MapPrototypeGetSize(timers) >= script().timers) {
    refused('timers');
    throw new ErrorConstructor(`${name}: the limit of ${script().timers} timers is reached`);
  }
  const timer: Timer = { id: ++lastId, callback, args, interval, deadline, order };
  MapPrototypeSet(timers, timer.id, timer);
  push(timer);
  try {
    arm(command, now);
  } catch (error) {
    MapPrototypeDelete(timers, timer.id);
    throw error;
  }
  tellTimers(MapPrototypeGetSize(timers));
  return timer.id;
}

/** Unknown and expired ids are ignored. */
export function clearTimer(id: unknown): void {
  if (!MapPrototypeDelete(timers, NumberConstructor(id))) {
    return;
  }
  const left = MapPrototypeGetSize(timers);
  tellTimers(left);
  if (left === 0) {
    heap = createList();
    disarm();
  } else if (heap.length > 2 * left + 64) {
    dropCleared();
  }
}

function dropCleared(): void {
  const old = heap;
  heap = createList();
  for (let index = 0; index < old.length; index++) {
    const timer = old[index] as Timer;
    if (MapPrototypeHas(timers, timer.id)) {
      push(timer);
    }
  }
}

export function clearAllTimers(): void {
  for (let index = 0; index < heap.length; index++) {
    MapPrototypeDelete(timers, (heap[index] as Timer).id);
  }
  heap = createList();
  tellTimers(0);
  disarm();
}

/** Runs what is due. The host's clock and this one may differ by a millisecond. */
export function runTimers(stopped: () => boolean): void {
  armed = Infinity;
  const now = timerNow() + 1;
  const last = lastOrder;
  for (let timer = heap[0]; timer !== undefined && timer.deadline <= now && timer.order <= last; timer = heap[0]) {
    pop();
    reached = MathMax(reached, timer.deadline);
    if (MapPrototypeGet(timers, timer.id) !== timer) {
      continue;
    }
    if (timer.interval === undefined) {
      MapPrototypeDelete(timers, timer.id);
      tellTimers(MapPrototypeGetSize(timers));
    }
    callScript(timer.callback, undefined, timer.args, timer.interval === undefined ? 'the callback of setTimeout' : 'the callback of setInterval');
    if (stopped()) {
      return;
    }
    if (timer.interval !== undefined && MapPrototypeGet(timers, timer.id) === timer) {
      timer.deadline = timerNow() + timer.interval;
      timer.order = ++lastOrder;
      push(timer);
    }
    if (isSliceOver()) {
      // The rest are due at once: in the next turn, behind what other scripts of the cell have to do.
      break;
    }
  }
  arm(ownCommand, timerNow());
}

/** @param give how the host is told */
function arm(give: typeof command, now: number): void {
  const first = heap[0];
  if (first !== undefined && first.deadline < armed) {
    give('timer', { delay: MathMax(0, first.deadline - now) });
    armed = first.deadline;
  }
}

function disarm(): void {
  // Where there is no room for it, the host wakes the script for nothing.
  if (armed !== Infinity && offerCommand('timer', { delay: -1 })) {
    armed = Infinity;
  }
}

function earlier(left: Timer, right: Timer): boolean {
  return left.deadline < right.deadline || (left.deadline === right.deadline && left.order < right.order);
}

function push(timer: Timer): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!earlier(timer, heap[parent] as Timer)) {
      break;
    }
    heap[at] = heap[parent] as Timer;
    at = parent;
  }
  heap[at] = timer;
}

function pop(): void {
  const last = heap[heap.length - 1] as Timer;
  heap.length--;
  const size = heap.length;
  if (size === 0) {
    return;
  }
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && earlier(heap[child + 1] as Timer, heap[child] as Timer)) {
      child++;
    }
    if (!earlier(heap[child] as Timer, last)) {
      break;
    }
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
}

/** The four functions, as they stand on `Script` and in the global scope. */
export const timerFunctions = {
  setTimeout(callback: unknown, delay?: unknown, ...args: unknown[]): number {
    return setTimer('setTimeout', callback, delay, args, false);
  },
  setInterval(callback: unknown, delay?: unknown, ...args: unknown[]): number {
    return setTimer('setInterval', callback, delay, args, true);
  },
  clearTimeout(id?: unknown): void {
    clearTimer(id);
  },
  clearInterval(id?: unknown): void {
    clearTimer(id);
  },
};
