import { RangeErrorConstructor, ReflectApply, ObjectGetOwnPropertyDescriptor, TypeErrorConstructor } from '../primordials.ts';
import { defineInterface } from './define.ts';
import { DOMException, copyStack } from './dom-exception.ts';
import { dictionary } from './webidl.ts';

/** Web IDL, "QuotaExceededErrorOptions". */
export interface QuotaExceededErrorOptions {
  readonly quota?: unknown;
  readonly requested?: unknown;
}

/** Its serialization steps; undefined if the value is none. */
export let cloneQuotaExceededError: (value: object) => QuotaExceededError | undefined;

const FAILED = "Failed to construct 'QuotaExceededError'";
const getMessage = ObjectGetOwnPropertyDescriptor(DOMException.prototype, 'message')?.get as () => string;

/** Web IDL, "QuotaExceededError": a DOMException that says how much there is, and how much was asked for. */
export class QuotaExceededError extends DOMException {
  readonly #quota: number | null;
  readonly #requested: number | null;

  constructor(message: unknown = '', options: unknown = undefined) {
    super(message, 'QuotaExceededError');
    const given = dictionary<QuotaExceededErrorOptions>(options, FAILED);
    // Web IDL: the members in the order of their names, each read once.
    const quota = amount(given.quota, 'quota');
    const requested = amount(given.requested, 'requested');
    if ((quota ?? 0) < 0 || (requested ?? 0) < 0) {
      throw new RangeErrorConstructor(`${FAILED}: neither quota nor requested may be less than 0.`);
    }
    if (quota !== null && requested !== null && requested < quota) {
      throw new RangeErrorConstructor(`${FAILED}: requested (${requested}) must not be less than quota (${quota}).`);
    }
    this.#quota = quota;
    this.#requested = requested;
  }

  static {
    cloneQuotaExceededError = (value) => {
      if (!(#quota in value)) {
        return undefined;
      }
      const message = ReflectApply(getMessage, value, []) as string;
      const options = { quota: value.#quota ?? undefined, requested: value.#requested ?? undefined };
      return copyStack(value, new QuotaExceededError(message, options));
    };
  }

  get quota(): number | null {
    return this.#quota;
  }

  get requested(): number | null {
    return this.#requested;
  }
}

defineInterface(QuotaExceededError, 'QuotaExceededError', ['quota', 'requested']);

/** Web IDL `double`. */
function amount(value: unknown, name: string): number | null {
  if (value === undefined) {
    return null;
  }
  const number = +(value as number);
  if (number - number !== 0) {
    throw new TypeErrorConstructor(`${FAILED}: ${name} must be a finite number; ${number} is not.`);
  }
  return number;
}
