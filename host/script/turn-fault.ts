import type { TurnStatus } from '../../wire/frames.ts';
import { positionOf, type ErrorCode } from '../errors.ts';
import { limitWords } from '../policy/limit-words.ts';
import type { LimitName, Limits } from '../policy/limits.ts';

/** Why a script ends with a turn. */
export interface TurnFault {
  readonly code: ErrorCode;
  readonly message: string;
  /** The script's frames, if they are known. */
  readonly stack?: string;
  /** The limit that it has hit, with whose words the message begins. */
  readonly limit?: LimitName;
}

/**
 * What is wrong where a turn has ended like this; undefined where nothing is.
 *
 * @param message the cell's, for a status that ends the script
 * @param exceeded the limit that the isolate is beyond although it should have held it itself
 */
export function turnFault(status: TurnStatus, message: string, exceeded: LimitName | undefined, limits: Limits): TurnFault | undefined {
  switch (status) {
    case 'timeout':
      return timeoutFault(message, limits);
    case 'memory':
      return { code: 'ERR_AIRLOCK_OUT_OF_MEMORY', message, limit: 'memory' };
    case 'broken':
      return { code: 'ERR_AIRLOCK_ISOLATE_BROKEN', message };
    case 'done':
    case 'sliced':
      return exceeded === undefined
        ? undefined
        : {
            code: exceeded === 'memory' ? 'ERR_AIRLOCK_OUT_OF_MEMORY' : 'ERR_AIRLOCK_MALFORMED_COMMAND',
            message: limitWords(exceeded, limits[exceeded]),
            limit: exceeded,
          };
  }
}

/** @param stack where the script was, as far as that is known */
function timeoutFault(stack: string, limits: Limits): TurnFault {
  const place = positionOf(stack);
  const where = place === undefined ? '' : `, at ${place.file}:${place.line}:${place.column}`;
  return { code: 'ERR_AIRLOCK_TURN_TIMEOUT', message: `${limitWords('turnTimeout', limits.turnTimeout)}${where}`, stack, limit: 'turnTimeout' };
}
