import type { ErrorCode } from '../errors.ts';
import type { LimitName } from '../policy/limits.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** One line of the host's log. */
export interface LogEntry {
  readonly level: LogLevel;
  /** The name of the script that it is about; undefined where it is about the host. */
  readonly script: string | undefined;
  readonly message: string;
  /** What it is in docs/errors.md, where it is there. */
  readonly code?: ErrorCode | undefined;
  /** The limit that the script has hit, where the line tells that. */
  readonly limit?: LimitName | undefined;
}

/** Writes a line about one script. */
export type Log = (level: LogLevel, message: string, code?: ErrorCode, limit?: LimitName) => void;

/** Writes a warning about one script, which is for the operator: it may say what the script may not know. */
export type Warn = (message: string, code?: ErrorCode) => void;
