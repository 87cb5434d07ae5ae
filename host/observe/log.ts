import type { ErrorCode } from '../errors.ts';
import type { LimitName } from '../policy/limits.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Of which script something is told. Two scripts of one owner may have the same name; none has the same id. */
export interface ScriptOrigin {
  /** The script's name. */
  readonly script: string;
  readonly owner: string;
  /** `Script.id`. */
  readonly id: string;
}

/** What every event of a script tells. */
export interface Occurrence extends ScriptOrigin {
  /** When it happened, in milliseconds, as `Date.now()` counts them. */
  readonly time: number;
}

/** One line of the host's log. */
export interface LogEntry {
  readonly level: LogLevel;
  /** The name of the script that it is about; undefined if it is about the host. */
  readonly script: string | undefined;
  /** Whose script that is, and its id; undefined if it is about the host. */
  readonly owner: string | undefined;
  readonly id: string | undefined;
  /** When it was written, in milliseconds, as `Date.now()` counts them. */
  readonly time: number;
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
