import { styleText } from 'node:util';
import type { AirlockError, ErrorCode, ScriptError } from '../errors.ts';
import type { LogEntry } from '../observe/log.ts';
import type { ScriptStatistics } from '../script/script-account.ts';
import type { PrintedLine, ScriptEnd } from '../script/script-setup.ts';

/** What the command writes: prints to standard output, all else to standard error. */
export class Output {
  readonly #named: boolean;

  /** @param named whether prints are prefixed with the name of their script */
  constructor(named: boolean) {
    this.#named = named;
    // `airlock run ... | head` is not an error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') {
        throw error;
      }
    });
  }

  /** A line each; the lines of one print each get the prefix. */
  print(script: string, { text }: PrintedLine): void {
    const prefix = this.#named ? `${script}: ` : '';
    for (const line of visible(text).split('\n')) {
      process.stdout.write(`${prefix}${line}\n`);
    }
  }

  /** What was asked for. */
  lines(lines: readonly string[]): void {
    for (const line of lines) {
      process.stdout.write(`${visible(oneLine(line))}\n`);
    }
  }

  /** One line with the position, and the frames that led there, where there is more than one. */
  error({ code, message, position, script, scriptStack }: ScriptError, advice: string): void {
    const where = position === undefined ? script : `${position.file}:${position.line}:${position.column}`;
    const [, ...outer] = scriptStack.split('\n');
    this.#problem('red', [`${where}: ${oneLine(message)}${advice}${codeOf(code)}`, ...outer].join('\n'));
  }

  /** Something that could not be begun. */
  failure({ code, message }: AirlockError): void {
    this.#problem('red', `${oneLine(message)}${codeOf(code)}`);
  }

  /** For programs to read: JSON shows control characters as escapes, so that it is one line whatever the name is. */
  statistics(script: string, { limit, reason }: ScriptEnd, statistics: ScriptStatistics): void {
    process.stderr.write(`${JSON.stringify({ script, reason, limit: limit?.name, statistics })}\n`);
  }

  log({ code, level, message, script }: LogEntry): void {
    const text = `${oneLine(message)}${codeOf(code)}`;
    this.#problem(level === 'error' ? 'red' : 'yellow', script === undefined ? text : `${script}: ${text}`);
  }

  #problem(color: 'red' | 'yellow', text: string): void {
    process.stderr.write(`${styleText(color, `airlock: ${visible(text)}`, { stream: process.stderr })}\n`);
  }
}

/** Which of docs/errors.md it is. */
function codeOf(code: ErrorCode | undefined): string {
  return code === undefined ? '' : ` (${code})`;
}

/** What a script has put into a message must not look like a line of ours. */
function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n');
}

/** A script must not steer the operator's terminal: control characters are shown, not sent. */
function visible(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${code}`;
  });
}
