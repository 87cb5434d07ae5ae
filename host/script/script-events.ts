import type { PrintLevel } from '../../wire/commands.ts';
import type { ScriptError } from '../errors.ts';
import type { LimitHit } from '../observe/statistics.ts';

/** A line that a script printed. */
export interface PrintedLine {
  readonly level: PrintLevel;
  /** May hold line breaks, and whatever else the script put into it. */
  readonly text: string;
}

/** How a script ended. */
export interface ScriptEnd {
  /** `stopped`: by itself, or by `stop()`. `limit`: in order, as its lifetime is over. `fault`: `error` says what was wrong. */
  readonly reason: 'stopped' | 'limit' | 'fault';
  readonly error?: ScriptError;
  /** The limit that it has hit, where it has ended by that. */
  readonly limit?: LimitHit;
}

export interface ScriptEvents {
  /** The script printed a line. */
  print: [line: PrintedLine];
  /** The script threw and nothing caught it; or, just before `ended`, why it was ended. */
  error: [error: ScriptError];
  /** The script has ended and its sockets are closed. */
  ended: [end: ScriptEnd];
}
