import { styleText } from 'node:util';
import { RepeatedLines } from './repeated-lines.ts';
import type { AirlockError, ErrorCode, ScriptError } from '../errors.ts';
import type { LogEntry } from '../observe/log.ts';
import type { ScriptStatistics } from '../script/script-account.ts';
import type { PrintedLine, ScriptEnd } from '../script/script-setup.ts';
import { visible, visibleBytes } from './visible.ts';

const NEWLINE = Buffer.from('\n');

/** What the command writes: what scripts print to standard output, their warnings, their errors and all else to standard error. */
export class Output {
  readonly #named: boolean;
  readonly #repeats = new RepeatedLines((text) => this.#write(text));

  /** @param named whether prints are prefixed with the name of their script */
  constructor(named: boolean) {
    this.#named = named;
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        // `airlock run ... | head` is not an error, and neither is a terminal that was closed.
        if (error.code !== 'EPIPE' && error.code !== 'EIO') {
          throw error;
        }
      });
    }
  }

  /** A line each; the lines of one print each get the prefix. */
  print({ level, script, text }: PrintedLine): void {
    const prefix = this.#named ? `${script}: ` : '';
    const stream = level === 'warning' || level === 'error' ? process.stderr : process.stdout;
    // What was told before it comes before it.
    this.#repeats.flush();
    // One write, however many lines there are.
    stream.write(Buffer.concat([Buffer.from(prefix), visibleBytes(text, prefix), NEWLINE]));
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
    const frames = scriptStack === '' ? [] : scriptStack.split('\n');
    // The place is in the first line already.
    const outer = position === undefined || !/^ +at /.test(frames[0] ?? '') ? frames : frames.slice(1);
    this.#problem('red', [`${where}: ${oneLine(message)}${advice}${codeOf(code)}`, ...outer].join('\n'));
  }

  /** Something that could not be begun. */
  failure({ code, message }: AirlockError): void {
    this.#problem('red', `${oneLine(message)}${codeOf(code)}`);
  }

  /** For programs to read: JSON shows control characters as escapes, so that it is one line whatever the name is. */
  statistics({ limit, reason, script }: ScriptEnd, statistics: ScriptStatistics): void {
    this.#repeats.flush();
    process.stderr.write(`${JSON.stringify({ script, reason, limit: limit?.name, statistics })}\n`);
  }

  /** A line about something that is no fault. */
  hint(text: string): void {
    this.#problem('yellow', text);
  }

  log({ code, level, message, script }: Pick<LogEntry, 'code' | 'level' | 'message' | 'script'>): void {
    const text = `${oneLine(message)}${codeOf(code)}`;
    this.#problem(level === 'error' ? 'red' : 'yellow', script === undefined ? text : `${script}: ${text}`);
  }

  /** Tells what is not told yet: nothing follows. */
  end(): void {
    this.#repeats.flush();
  }

  #problem(color: 'red' | 'yellow', text: string): void {
    this.#repeats.tell(styleText(color, `airlock: ${visible(text)}`, { stream: process.stderr }));
  }

  #write(text: string): void {
    process.stderr.write(`${text}\n`);
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
