import {
  ArrayPrototypeSort,
  ReflectApply,
  SetConstructor,
  SetPrototypeAdd,
  SetPrototypeDelete,
  SetPrototypeForEach,
  SetPrototypeGetSize,
  TypeErrorConstructor,
  createList,
} from '../primordials.ts';
import { timerNow } from '../script/timer-clock.ts';
import { clearTimer, dueIn, isDue, setTimerAt, type DueTime } from '../script/timers.ts';
import { isAbortSignal, setAbortHooks } from './abort-algorithms.ts';
import { defineInterface, requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { Event, trusted } from './event.ts';
import {
  dispatch,
  EventTarget,
  getHandler,
  setHandler,
  sweepListeners,
  watchListeners,
  type EventHandler,
} from './event-target.ts';
import { abortTime, isEarlier, type AbortTime } from './abort-time.ts';
import { CONSTRUCT, defineStatics, enforceUnsignedLongLong, iteratorMethod, requireConstruct, sequence } from './webidl.ts';

/** "Signal abort" of the DOM Standard, which is for controllers. */
let signalAbort: (signal: AbortSignal, reason: unknown) => void;

let lastCreated = 0;

const ANY_FAILED = "Failed to execute 'any' on 'AbortSignal'";
const TIMEOUT_FAILED = "Failed to execute 'timeout' on 'AbortSignal'";
/** How many more dependents a signal may have before it looks which of them are still listened to. */
const UNSWEPT = 64;

/**
 * DOM Standard, section 3.2.
 *
 * In the standard a signal knows those that depend on it as a weak set. A WeakRef keeps its target until the end of the
 * job, so a script that makes many in one turn would run out of memory all the same. So a signal knows only those of its
 * dependents that somebody listens to, which it has to keep alive in any case; the others look at their sources when
 * they are asked. A signal of `timeout` has a timer only while somebody listens to it, and else looks at the clock.
 */
export class AbortSignal extends EventTarget {
  #isAborted = false;
  #reason: unknown = undefined;
  #abortedAt: AbortTime | undefined;
  #algorithms = createList<() => void>();
  #hasListeners = false;
  /** Of a signal of `any`: what it depends on; these depend on nothing. */
  #sources = createList<AbortSignal>();
  /** Of a signal of `any`: its place among those. */
  #createdAs = 0;
  /** Those that depend on it and that somebody listens to. */
  #dependents: Set<AbortSignal> | undefined;
  /** How many of these are the most before they are swept. */
  #mostDependents = UNSWEPT;
  /** While it is aborting: the dependents whose turn is still to come. */
  #toAbort: AbortSignal[] | undefined;
  /** Of a signal of `timeout`. */
  #due: DueTime | undefined;
  #timer: number | undefined;
  /** Whether its sources know it, or its timer is set. */
  #isWatching = false;

  constructor(token: unknown = undefined) {
    requireConstruct(token, 'AbortSignal');
    super();
  }

  static {
    signalAbort = (signal, reason) => signal.#abort(reason);
    const own = (signal: object): AbortSignal => signal as AbortSignal;
    const isSignal = (value: unknown): value is AbortSignal =>
      typeof value === 'object' && value !== null && #isAborted in value;
    setAbortHooks({
      isSignal,
      isAborted: (signal) => own(signal).#look(),
      reason: (signal) => (own(signal).#look() ? own(signal).#reason : undefined),
      add(signal, algorithm) {
        if (!own(signal).#look()) {
          own(signal).#watch();
          const { length } = own(signal).#algorithms;
          own(signal).#algorithms[length] = algorithm;
        }
      },
      remove(signal, algorithm) {
        own(signal).#algorithms = without(own(signal).#algorithms, algorithm);
        own(signal).#unwatchIfUnheard();
      },
    });
    watchListeners('abort', {
      adding(target) {
        if (isSignal(target)) {
          if (target.#look()) {
            target.#joinAborting();
          } else {
            target.#watch();
          }
          target.#hasListeners = true;
        }
      },
      emptied(target) {
        if (isSignal(target)) {
          target.#hasListeners = false;
          target.#unwatchIfUnheard();
        }
      },
    });
  }

  static abort(reason: unknown = undefined): AbortSignal {
    const signal = new AbortSignal(CONSTRUCT);
    signal.#setAborted(reasonOr(reason), abortTime(timerNow()));
    return signal;
  }

  static timeout(milliseconds: unknown): AbortSignal {
    requireArguments(arguments.length, 1, TIMEOUT_FAILED);
    const delay = enforceUnsignedLongLong(milliseconds, TIMEOUT_FAILED);
    const signal = new AbortSignal(CONSTRUCT);
    signal.#due = dueIn(delay);
    return signal;
  }

  /** DOM, "create a dependent abort signal". */
  static any(signals: unknown): AbortSignal {
    requireArguments(arguments.length, 1, ANY_FAILED);
    const given = signalList(signals);
    const result = new AbortSignal(CONSTRUCT);
    for (let index = 0; index < given.length; index++) {
      const signal = given[index] as AbortSignal;
      if (signal.#look()) {
        result.#setAborted(signal.#reason, signal.#abortedAt as AbortTime);
        return result;
      }
    }
    result.#createdAs = ++lastCreated;
    for (let index = 0; index < given.length; index++) {
      const signal = given[index] as AbortSignal;
      if (signal.#createdAs === 0) {
        result.#follow(signal);
      }
      for (let each = 0; each < signal.#sources.length; each++) {
        result.#follow(signal.#sources[each] as AbortSignal);
      }
    }
    return result;
  }

  /** Makes this signal depend on one that depends on none. */
  #follow(source: AbortSignal): void {
    if (!includes(this.#sources, source)) {
      this.#sources[this.#sources.length] = source;
    }
  }

  /** Whether it is aborted. If nobody listens to it, that is found out only here. */
  #look(): boolean {
    if (this.#isAborted || this.#isWatching) {
      return this.#isAborted;
    }
    if (this.#due !== undefined && isDue(this.#due)) {
      this.#setAborted(timedOut(), abortTime(this.#due.deadline));
    }
    let first: AbortSignal | undefined;
    for (let index = 0; index < this.#sources.length; index++) {
      const source = this.#sources[index] as AbortSignal;
      if (source.#look() && (first === undefined || isEarlier(source.#abortedAt, first.#abortedAt))) {
        first = source;
      }
    }
    if (first !== undefined) {
      this.#setAborted(first.#reason, first.#abortedAt as AbortTime);
    }
    return this.#isAborted;
  }

  #setAborted(reason: unknown, time: AbortTime): void {
    this.#isAborted = true;
    this.#reason = reason;
    this.#abortedAt = time;
  }

  /** Somebody begins to listen to it. */
  #watch(): void {
    if (this.#isWatching) {
      return;
    }
    this.#isWatching = true;
    try {
      if (this.#due !== undefined) {
        this.#timer = setTimerAt(TIMEOUT_FAILED, () => this.#abort(timedOut()), this.#due);
      }
      for (let index = 0; index < this.#sources.length; index++) {
        const source = this.#sources[index] as AbortSignal;
        source.#watch();
        source.#tell(this);
      }
    } catch (error) {
      // There may be too many timers.
      this.#unwatch();
      throw error;
    }
  }

  #tell(dependent: AbortSignal): void {
    const dependents = (this.#dependents ??= new SetConstructor());
    SetPrototypeAdd(dependents, dependent);
    // A listener that went with its own signal is not missed before somebody looks.
    if (SetPrototypeGetSize(dependents) > this.#mostDependents) {
      SetPrototypeForEach(dependents, (each) => {
        if (each !== dependent) {
          sweepListeners(each, 'abort');
        }
      });
      this.#mostDependents = 2 * SetPrototypeGetSize(dependents) + UNSWEPT;
    }
  }

  /** Nobody listens to it any more, or it is aborted: its sources need not know it. */
  #unwatch(): void {
    if (!this.#isWatching) {
      return;
    }
    this.#isWatching = false;
    if (this.#timer !== undefined) {
      clearTimer(this.#timer);
      this.#timer = undefined;
    }
    for (let index = 0; index < this.#sources.length; index++) {
      const source = this.#sources[index] as AbortSignal;
      if (source.#dependents !== undefined) {
        SetPrototypeDelete(source.#dependents, this);
        source.#unwatchIfUnheard();
      }
    }
  }

  #unwatchIfUnheard(): void {
    const hasDependents = this.#dependents !== undefined && SetPrototypeGetSize(this.#dependents) > 0;
    if (!this.#hasListeners && this.#algorithms.length === 0 && !hasDependents) {
      this.#unwatch();
    }
  }

  /** A dependent that gets its first listener while its source is aborting is still told, as its own turn is to come. */
  #joinAborting(): void {
    for (let index = 0; index < this.#sources.length; index++) {
      const source = this.#sources[index] as AbortSignal;
      const toAbort = source.#toAbort;
      if (toAbort !== undefined && source.#abortedAt === this.#abortedAt && !includes(toAbort, this)) {
        toAbort[toAbort.length] = this;
      }
    }
  }

  /** DOM, "signal abort". */
  #abort(given: unknown): void {
    if (this.#look()) {
      return;
    }
    const reason = reasonOr(given);
    const time = abortTime(timerNow());
    this.#setAborted(reason, time);
    const toAbort = createList<AbortSignal>();
    if (this.#dependents !== undefined) {
      SetPrototypeForEach(this.#dependents, (dependent) => {
        dependent.#setAborted(reason, time);
        toAbort[toAbort.length] = dependent;
      });
    }
    // In the order in which they were made, whoever was listened to first.
    ArrayPrototypeSort(toAbort, (left, right) => left.#createdAs - right.#createdAs);
    for (let index = 0; index < toAbort.length; index++) {
      (toAbort[index] as AbortSignal).#unwatch();
    }
    this.#toAbort = toAbort;
    this.#runAbortSteps();
    for (let index = 0; index < toAbort.length; index++) {
      (toAbort[index] as AbortSignal).#runAbortSteps();
    }
    this.#toAbort = undefined;
    this.#unwatch();
  }

  /** DOM, "run the abort steps". */
  #runAbortSteps(): void {
    const algorithms = this.#algorithms;
    this.#algorithms = createList();
    for (let index = 0; index < algorithms.length; index++) {
      (algorithms[index] as () => void)();
    }
    dispatch(this, trusted(new Event('abort')));
  }

  get aborted(): boolean {
    return this.#look();
  }

  get reason(): unknown {
    return this.#look() ? this.#reason : undefined;
  }

  throwIfAborted(): void {
    if (this.#look()) {
      throw this.#reason;
    }
  }

  get onabort(): EventHandler | null {
    void this.#isAborted;
    return getHandler(this, 'abort');
  }

  set onabort(value: unknown) {
    void this.#isAborted;
    setHandler(this, 'abort', value, (handler, target, event) => ReflectApply(handler, target, [event]));
  }
}

defineInterface(AbortSignal, 'AbortSignal', ['aborted', 'reason', 'throwIfAborted', 'onabort']);
defineStatics(AbortSignal, ['abort', 'timeout', 'any']);

/** DOM Standard, section 3.1. */
export class AbortController {
  readonly #signal = new AbortSignal(CONSTRUCT);

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason: unknown = undefined): void {
    signalAbort(this.#signal, reason);
  }
}

defineInterface(AbortController, 'AbortController', ['signal', 'abort']);

function timedOut(): unknown {
  return domException('TimeoutError', 'signal timed out');
}

function includes<Item>(list: readonly Item[], item: Item): boolean {
  for (let index = 0; index < list.length; index++) {
    if (list[index] === item) {
      return true;
    }
  }
  return false;
}

function without<Item>(list: readonly Item[], item: Item): Item[] {
  const rest = createList<Item>();
  for (let index = 0; index < list.length; index++) {
    if (list[index] !== item) {
      rest[rest.length] = list[index] as Item;
    }
  }
  return rest;
}

function reasonOr(given: unknown): unknown {
  return given === undefined ? domException('AbortError', 'signal is aborted without reason') : given;
}

/** Web IDL `sequence<AbortSignal>`. */
function signalList(signals: unknown): AbortSignal[] {
  const iterate = iteratorMethod(signals, ANY_FAILED);
  if (iterate === undefined) {
    throw new TypeErrorConstructor(`${ANY_FAILED}: The provided value cannot be converted to a sequence.`);
  }
  const list = createList<AbortSignal>();
  sequence(signals, iterate, ANY_FAILED, (each) => {
    if (!isAbortSignal(each)) {
      throw new TypeErrorConstructor(`${ANY_FAILED}: Failed to convert value to 'AbortSignal'.`);
    }
    list[list.length] = each as AbortSignal;
  });
  return list;
}
