import { types } from 'node:util';

/** What V8 does for the bindings, for tests that load a part of them into this very process: import it before that part. */
(globalThis as Record<string, unknown>)['__airlockNatives'] = {
  performMicrotaskCheckpoint: () => {},
  isProxy: types.isProxy,
  terminateExecution: () => {
    throw new Error('the bindings have ended all execution');
  },
};
