import { AirlockError, type ErrorCode } from '../errors.ts';
import type { PermissionName } from './permission-table.ts';

/** What a script may not do. The message is for the script as well, `advice` for the operator alone. */
export class PermissionDenied extends AirlockError {
  /** Which flag would permit it, or which rule denies it. */
  readonly advice: string;
  /** The rule of a deny list that denies it, empty for all; undefined where it is only permitted nowhere. */
  readonly rule: string | undefined;

  constructor(code: ErrorCode, message: string, advice: string, rule: string | undefined) {
    super(code, message);
    this.advice = advice;
    this.rule = rule;
  }
}

/** @param what `connecting to example.com:80`: what was asked for */
export function lacking(what: string, permission: PermissionName): string {
  return `${what} is not permitted (permission ${permission})`;
}

/** `rule`: what the deny list has it in, where that is why. `wanted`: what the flag would have to say. */
export function adviceOn(permission: PermissionName, rule: string | undefined, wanted: string): string {
  return rule === undefined
    ? `allow it with --allow-${permission}=${wanted}`
    : `--deny-${permission}${rule === '' ? '' : `=${rule}`} denies it`;
}

/** What the log says of an error: a denial with what the operator can do about it. */
export function logText(error: AirlockError): string {
  return error instanceof PermissionDenied && error.advice !== '' ? `${error.message}; ${error.advice}` : error.message;
}
