import type ivm from 'isolated-vm';
import { ARENA_BYTES } from '../wire/arena.ts';
import { NO_USAGE, type TurnUsage } from '../wire/frames.ts';
import type { Arena } from './arena.ts';

/** How long a measurement of the heap is good for, in milliseconds: one costs 5 us, a small turn little more. */
const HEAP_INTERVAL = 100;

/** More than a field of a frame holds is told as what it holds. */
const MOST = 2 ** 32 - 1;

/** Measures what the turns of an isolate use. */
export class UsageMeter {
  readonly #isolate: ivm.Isolate;
  readonly #arena: Arena;
  #cpuBefore = 0n;
  #startedAt = 0;
  #heap = 0;
  #external = 0;
  #heapMeasuredAt = -HEAP_INTERVAL;

  constructor(isolate: ivm.Isolate, arena: Arena) {
    this.#isolate = isolate;
    this.#arena = arena;
  }

  begin(): void {
    this.#arena.clearRefused();
    this.#startedAt = performance.now();
    if (!this.#isolate.isDisposed) {
      this.#cpuBefore = this.#isolate.cpuTime;
    }
  }

  end(): TurnUsage {
    const now = performance.now();
    const { timers, refused } = this.#arena;
    if (this.#isolate.isDisposed) {
      // What it used is not to be had any more; the time that has passed is the most that it can be.
      return { ...NO_USAGE, cpuTime: field((now - this.#startedAt) * 1000), heap: this.#heap, external: this.#external };
    }
    if (now - this.#heapMeasuredAt >= HEAP_INTERVAL) {
      this.#heapMeasuredAt = now;
      this.#measureHeap();
    }
    const cpuTime = field(Number((this.#isolate.cpuTime - this.#cpuBefore) / 1000n));
    return { cpuTime, heap: this.#heap, external: this.#external, timers, refused };
  }

  #measureHeap(): void {
    const { externally_allocated_size: external, used_heap_size: heap } = this.#isolate.getHeapStatisticsSync();
    this.#heap = field(heap / 1024);
    // The arena is not the script's.
    this.#external = field((external - ARENA_BYTES) / 1024);
  }
}

function field(value: number): number {
  return Math.min(MOST, Math.max(0, Math.ceil(value)));
}
