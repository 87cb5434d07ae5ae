import { AirlockError } from '../errors.ts';

/** What the beginning of a message of the API is on the command line. */
export type FlagWords = Readonly<Record<string, string>>;

/** Has errors name the flags: who calls the command does not know the options of the API behind them. */
export async function inFlagWords<Value>(words: FlagWords, action: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof AirlockError)) {
      throw error;
    }
    const { code, message } = error;
    const [beginning = '', flag = ''] = Object.entries(words).find(([each]) => message.startsWith(each)) ?? [];
    throw new AirlockError(code, `${flag}${message.slice(beginning.length)}`, { cause: error });
  }
}
