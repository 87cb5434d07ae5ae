import { ReflectApply, TypeErrorConstructor, createList } from '../primordials.ts';
import { setTimer } from '../script/timers.ts';
import { isAbortSignal, setAbortHooks } from './abort-algorithms.ts';
import { defineInterface, requireArguments } from './define.ts';
import { domException } from './dom-exception.ts';
import { Event, trusted } from './event.ts';
import { dispatch, EventTarget, getHandler, setHandler, type EventHandler } from './event-target.ts';
import { CONSTRUCT, defineStatics, enforceUnsignedLongLong, requireConstruct } from './webidl.ts';

/** "Signal abort" of the DOM Standard, which is for controllers. */
let signalAbort: (signal: AbortSignal, reason: unknown) => void;

/** DOM Standard, section 3.2. */
export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  #algorithms = createList<() => void>();
  /** Whether it was made by `any`. */
  #isDependent = false;
  #sources = createList<AbortSignal>();
  #dependents = createList<AbortSignal>();

  constructor(token: unknown = undefined) {
    requireConstruct(token, 'AbortSignal');
    super();
  }

  static {
    signalAbort = (signal, reason) => signal.#signalAbort(reason);
    const own = (signal: object): AbortSignal => signal as AbortSignal;
    setAbortHooks({
      isSignal: (value) => typeof value === 'object' && value !== null && #aborted in value,
      isAborted: (signal) => own(signal).#aborted,
      reason: (signal) => own(signal).#reason,
      add(signal, algorithm) {
        const { length } = own(signal).#algorithms;
        if (!own(signal).#aborted) {
          own(signal).#algorithms[length] = algorithm;
        }
      },
      remove(signal, algorithm) {
        const rest = createList<() => void>();
        const list = own(signal).#algorithms;
        for (let index = 0; index < list.length; index++) {
          if (list[index] !== algorithm) {
            rest[rest.length] = list[index] as () => void;
          }
        }
        own(signal).#algorithms = rest;
      },
    });
  }

  static abort(reason: unknown = undefined): AbortSignal {
    const signal = new AbortSignal(CONSTRUCT);
    signal.#aborted = true;
    signal.#reason = reasonOr(reason);
    return signal;
  }

  static timeout(milliseconds: unknown): AbortSignal {
    requireArguments(arguments.length, 1, "Failed to execute 'timeout' on 'AbortSignal'");
    const delay = enforceUnsignedLongLong(milliseconds, "Failed to execute 'timeout' on 'AbortSignal'");
    const signal = new AbortSignal(CONSTRUCT);
    const expire = (): void => signal.#signalAbort(domException('TimeoutError', 'signal timed out'));
    setTimer("Failed to execute 'timeout' on 'AbortSignal'", expire, delay, [], false);
    return signal;
  }

  /** DOM, "create a dependent abort signal". */
  static any(signals: unknown): AbortSignal {
    requireArguments(arguments.length, 1, "Failed to execute 'any' on 'AbortSignal'");
    const given = signalList(signals);
    const result = new AbortSignal(CONSTRUCT);
    for (let index = 0; index < given.length; index++) {
      const signal = given[index] as AbortSignal;
      if (signal.#aborted) {
        result.#aborted = true;
        result.#reason = signal.#reason;
        return result;
      }
    }
    result.#isDependent = true;
    for (let index = 0; index < given.length; index++) {
      const signal = given[index] as AbortSignal;
      if (signal.#isDependent) {
        for (let each = 0; each < signal.#sources.length; each++) {
          result.#follow(signal.#sources[each] as AbortSignal);
        }
      } else {
        result.#follow(signal);
      }
    }
    return result;
  }

  /** Makes this signal depend on one that depends on none. */
  #follow(source: AbortSignal): void {
    const sources = this.#sources;
    for (let index = 0; index < sources.length; index++) {
      if (sources[index] === source) {
        return;
      }
    }
    sources[sources.length] = source;
    source.#dependents[source.#dependents.length] = this;
  }

  /** DOM, "signal abort". */
  #signalAbort(given: unknown): void {
    if (this.#aborted) {
      return;
    }
    const reason = reasonOr(given);
    this.#aborted = true;
    this.#reason = reason;
    const dependents = this.#dependents;
    this.#dependents = createList();
    const toAbort = createList<AbortSignal>();
    for (let index = 0; index < dependents.length; index++) {
      const dependent = dependents[index] as AbortSignal;
      if (!dependent.#aborted) {
        dependent.#aborted = true;
        dependent.#reason = reason;
        dependent.#unfollow(this);
        toAbort[toAbort.length] = dependent;
      }
    }
    this.#runAbortSteps();
    for (let index = 0; index < toAbort.length; index++) {
      (toAbort[index] as AbortSignal).#runAbortSteps();
    }
  }

  /** An aborted signal needs its sources no more, nor they it. */
  #unfollow(aborting: AbortSignal): void {
    const sources = this.#sources;
    this.#sources = createList();
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index] as AbortSignal;
      if (source === aborting) {
        continue;
      }
      const rest = createList<AbortSignal>();
      for (let each = 0; each < source.#dependents.length; each++) {
        if (source.#dependents[each] !== this) {
          rest[rest.length] = source.#dependents[each] as AbortSignal;
        }
      }
      source.#dependents = rest;
    }
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
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) {
      throw this.#reason;
    }
  }

  get onabort(): EventHandler | null {
    void this.#aborted;
    return getHandler(this, 'abort');
  }

  set onabort(value: unknown) {
    void this.#aborted;
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

function reasonOr(given: unknown): unknown {
  return given === undefined ? domException('AbortError', 'signal is aborted without reason') : given;
}

/** Web IDL `sequence<AbortSignal>`. */
function signalList(signals: unknown): AbortSignal[] {
  if ((typeof signals !== 'object' && typeof signals !== 'function') || signals === null) {
    throw new TypeErrorConstructor(
      "Failed to execute 'any' on 'AbortSignal': The provided value cannot be converted to a sequence.",
    );
  }
  const list = createList<AbortSignal>();
  for (const each of signals as Iterable<unknown>) {
    if (!isAbortSignal(each)) {
      throw new TypeErrorConstructor(
        "Failed to execute 'any' on 'AbortSignal': Failed to convert value to 'AbortSignal'.",
      );
    }
    list[list.length] = each as AbortSignal;
  }
  return list;
}
