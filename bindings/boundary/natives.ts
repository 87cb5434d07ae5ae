/** What V8 does for the bindings and the language does not have: see `NATIVES` in `cell/natives.ts`. */
interface Natives {
  /** HTML, "perform a microtask checkpoint": runs all microtasks, unless one of them is running. */
  readonly performMicrotaskCheckpoint: () => void;
  readonly isProxy: (value: unknown) => boolean;
  /** Ends all JavaScript that is running, and no `catch` or `finally` sees it. */
  readonly terminateExecution: (isReal: true) => never;
}

const holder = globalThis as { __airlockNatives?: Natives };

export const { isProxy, performMicrotaskCheckpoint, terminateExecution } = holder.__airlockNatives as Natives;

/** The cell gives no answer if the time of the turn is over: then it ends. */
export function answerInTime<Answer>(answer: Answer | undefined): Answer {
  return answer ?? terminateExecution(true);
}

// No script may find it.
delete holder.__airlockNatives;
