import { styleText } from 'node:util';
import type { ScriptError } from '../errors.ts';
import type { LogEntry } from '../observe/log.ts';
import type { PrintedLine } from '../script/script-setup.ts';

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

  /** One line with the position, and the frames that led there, where there is more than one. */
  error({ message, position, script, scriptStack }: ScriptError): void {
    const where = position === undefined ? script : `${position.file}:${position.line}:${position.column}`;
    const [, ...outer] = scriptStack.split('\n');
    this.#problem('red', [`${where}: ${oneLine(message)}`, ...outer].join('\n'));
  }

  /** Something that could not be begun. */
  failure(message: string): void {
    this.#problem('red', oneLine(message));
  }

  log({ level, message, script }: LogEntry): void {
    const text = oneLine(message);
    this.#problem(level === 'error' ? 'red' : 'yellow', script === undefined ? text : `${script}: ${text}`);
  }

  #problem(color: 'red' | 'yellow', text: string): void {
    process.stderr.write(`${styleText(color, `airlock: ${visible(text)}`, { stream: process.stderr })}\n`);
  }
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
