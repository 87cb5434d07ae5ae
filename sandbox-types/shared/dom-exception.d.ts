/**
 * The error that the web platform's operations throw: Web IDL, "DOMException". Tell one from another by its `name`, as
 * `SyntaxError`, `InvalidStateError` or `InvalidAccessError`. It is an `instanceof Error`.
 */
interface DOMException extends Error {
  readonly name: string;
  readonly message: string;
  /** The number that older code goes by; 0 for names that have none. */
  readonly code: number;
  readonly INDEX_SIZE_ERR: 1;
  readonly DOMSTRING_SIZE_ERR: 2;
  readonly HIERARCHY_REQUEST_ERR: 3;
  readonly WRONG_DOCUMENT_ERR: 4;
  readonly INVALID_CHARACTER_ERR: 5;
  readonly NO_DATA_ALLOWED_ERR: 6;
  readonly NO_MODIFICATION_ALLOWED_ERR: 7;
  readonly NOT_FOUND_ERR: 8;
  readonly NOT_SUPPORTED_ERR: 9;
  readonly INUSE_ATTRIBUTE_ERR: 10;
  readonly INVALID_STATE_ERR: 11;
  readonly SYNTAX_ERR: 12;
  readonly INVALID_MODIFICATION_ERR: 13;
  readonly NAMESPACE_ERR: 14;
  readonly INVALID_ACCESS_ERR: 15;
  readonly VALIDATION_ERR: 16;
  readonly TYPE_MISMATCH_ERR: 17;
  readonly SECURITY_ERR: 18;
  readonly NETWORK_ERR: 19;
  readonly ABORT_ERR: 20;
  readonly URL_MISMATCH_ERR: 21;
  readonly QUOTA_EXCEEDED_ERR: 22;
  readonly TIMEOUT_ERR: 23;
  readonly INVALID_NODE_TYPE_ERR: 24;
  readonly DATA_CLONE_ERR: 25;
}

/** The constructor carries the same constants as its instances. */
interface DOMExceptionConstructor extends Omit<DOMException, keyof Error | 'code'> {
  readonly prototype: DOMException;
  /** Defaults: an empty message and the name `Error`. */
  new (message?: string, name?: string): DOMException;
}

declare var DOMException: DOMExceptionConstructor;

/** Too much was asked for. A DOMException of the name `QuotaExceededError` and the code 22. */
declare class QuotaExceededError extends DOMException {
  /**
   * @throws RangeError for a number below 0, and where `requested` is less than `quota`
   */
  constructor(message?: string, options?: { readonly quota?: number; readonly requested?: number });
  /** How much there is; null where that is not told. */
  readonly quota: number | null;
  readonly requested: number | null;
}
