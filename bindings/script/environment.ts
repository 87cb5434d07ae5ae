import { ask } from '../bridge.ts';
import { ErrorConstructor, ObjectHasOwn, TypeErrorConstructor } from '../primordials.ts';
import { script } from '../settings.ts';

/** `Script.getEnv`: a variable that the script may read, or undefined where it is not set; throws where it may not. */
export function getEnv(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') {
    throw new TypeErrorConstructor('Script.getEnv: the argument must be the name of a variable');
  }
  const { environment } = script();
  if (ObjectHasOwn(environment, name)) {
    return environment[name];
  }
  // One that is not set and one that is not permitted look alike from here; the host can tell, and tells its operator.
  const answer = ask('environment', { name });
  if (answer.error !== '') {
    const error = new ErrorConstructor(`Script.getEnv: ${answer.error}`);
    (error as Error & { code: string }).code = answer.code;
    throw error;
  }
  return undefined;
}
