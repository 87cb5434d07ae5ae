import type { QuestionOf } from '../../wire/questions.ts';
import { LONGEST_TIMER } from '../sockets/heartbeat.ts';
import type { LivenessOptions } from '../sockets/liveness.ts';
import type { DeflateOptions } from '../sockets/server-compression.ts';

/**
 * What a script wants of a server for its connections' lives and their compression; undefined where it is malformed.
 *
 * @param leastInterval the shortest time between two pings: the bindings tell a script that asks for less
 */
export function connectionOptions(
  question: QuestionOf<'listen'>,
  leastInterval: number,
): { readonly liveness: LivenessOptions; readonly deflate: DeflateOptions | undefined } | undefined {
  const { heartbeatInterval: interval, heartbeatTimeout: timeout, idleTimeout } = question;
  if (Math.max(interval, timeout, idleTimeout) > LONGEST_TIMER || (interval > 0 && timeout === 0)) {
    return undefined;
  }
  const { contextTakeover, deflates, threshold, windowBits } = question;
  if (deflates && (windowBits < 9 || windowBits > 15)) {
    return undefined;
  }
  return {
    liveness: { heartbeat: interval > 0 ? { interval: Math.max(interval, leastInterval), timeout } : undefined, idleTimeout },
    deflate: deflates ? { contextTakeover, threshold, windowBits } : undefined,
  };
}
