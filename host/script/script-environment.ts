import type { AnswerOf } from '../../wire/questions.ts';
import type { Log } from '../observe/log.ts';
import { PermissionDenied, logText } from '../policy/permission-denied.ts';
import type { Permissions } from '../policy/permissions.ts';

/** How much of a name that a script has made up is told. */
const LONGEST_NAME = 256;

/** Whether a script that asks for a variable which it has not may have it. */
export function answerEnvironment(
  { log, permissions }: { readonly log: Log; readonly permissions: Permissions },
  name: string,
): AnswerOf<'environment'> {
  try {
    permissions.checkEnv(name.slice(0, LONGEST_NAME));
    return { type: 'environment', code: '', error: '' };
  } catch (error) {
    if (!(error instanceof PermissionDenied)) {
      throw error;
    }
    log('warning', logText(error), error.code);
    return { type: 'environment', code: error.code, error: error.message };
  }
}
