import {
  ErrorCaptureStackTrace,
  ErrorConstructor,
  ObjectDefineProperty,
  ObjectHasOwn,
  ObjectSetPrototypeOf,
  ReflectConstruct,
} from '../primordials.ts';
import { defineConstants, defineInterface } from './define.ts';

/** The names that have a legacy code: Web IDL, "DOMException", the table of error names. */
const LEGACY_CODES = {
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
} as const;

/** What extends it puts its private fields on the object that it is given. No script can reach it. */
class GivenObject {
  constructor(object: object) {
    return object;
  }
}

/** Web IDL, "DOMException", its serialization steps; undefined where the value is none. */
export let cloneDOMException: (value: object) => DOMException | undefined;

/** What a DOMException has, put on an object that another constructor has made. */
class Slots extends GivenObject {
  readonly #message: string;
  readonly #name: string;

  constructor(error: object, message: string, name: string) {
    super(error);
    this.#message = message;
    this.#name = name;
  }

  static has(value: object): boolean {
    return #name in value;
  }

  static message(value: object): string {
    return (value as Slots).#message;
  }

  static nameOf(value: object): string {
    return (value as Slots).#name;
  }
}
const { has, message: messageOf, nameOf } = Slots;

/**
 * Web IDL's DOMException. Not an ECMAScript error class, but its prototype inherits from `Error.prototype`, and its
 * objects have [[ErrorData]]. Only the constructor of Error gives that, and the class cannot extend Error: it must inherit
 * from `Function.prototype`. So it returns an error that was constructed for it.
 */
export class DOMException {
  constructor(message: unknown = '', name: unknown = 'Error') {
    const text = `${message as string}`;
    const nameText = `${name as string}`;
    // V8 takes the message at the top of `stack` from the constructor's argument; the getter is on the prototype.
    const error = ReflectConstruct(ErrorConstructor, [text], new.target) as { message?: string };
    delete error.message;
    new Slots(error, text, nameText);
    // Once more, now that it has its name, and from its caller on.
    ErrorCaptureStackTrace(error, DOMException);
    return error as DOMException;
  }

  static {
    cloneDOMException = (value) => (has(value) ? copyStack(value, new DOMException(messageOf(value), nameOf(value))) : undefined);
  }

  get name(): string {
    return nameOf(this);
  }

  get message(): string {
    return messageOf(this);
  }

  get code(): number {
    const name = nameOf(this);
    return ObjectHasOwn(LEGACY_CODES, name) ? LEGACY_CODES[name as DOMExceptionName] : 0;
  }
}

/** HTML: serialized objects keep their stack, if it is still text. */
export function copyStack<Clone extends DOMException>(value: object, clone: Clone): Clone {
  const { stack } = value as { stack?: unknown };
  if (typeof stack === 'string') {
    (clone as { stack?: unknown }).stack = stack;
  }
  return clone;
}

ObjectSetPrototypeOf(DOMException.prototype, ErrorConstructor.prototype);
defineInterface(DOMException, 'DOMException', ['name', 'message', 'code']);
defineConstants(DOMException, {
  INDEX_SIZE_ERR: 1,
  DOMSTRING_SIZE_ERR: 2,
  HIERARCHY_REQUEST_ERR: 3,
  WRONG_DOCUMENT_ERR: 4,
  INVALID_CHARACTER_ERR: 5,
  NO_DATA_ALLOWED_ERR: 6,
  NO_MODIFICATION_ALLOWED_ERR: 7,
  NOT_FOUND_ERR: 8,
  NOT_SUPPORTED_ERR: 9,
  INUSE_ATTRIBUTE_ERR: 10,
  INVALID_STATE_ERR: 11,
  SYNTAX_ERR: 12,
  INVALID_MODIFICATION_ERR: 13,
  NAMESPACE_ERR: 14,
  INVALID_ACCESS_ERR: 15,
  VALIDATION_ERR: 16,
  TYPE_MISMATCH_ERR: 17,
  SECURITY_ERR: 18,
  NETWORK_ERR: 19,
  ABORT_ERR: 20,
  URL_MISMATCH_ERR: 21,
  QUOTA_EXCEEDED_ERR: 22,
  TIMEOUT_ERR: 23,
  INVALID_NODE_TYPE_ERR: 24,
  DATA_CLONE_ERR: 25,
});
// Without this, `stack` would begin with the class's name instead of the exception's.
ObjectDefineProperty(DOMException.prototype, 'toString', {
  value: ErrorConstructor.prototype.toString,
  configurable: true,
  writable: true,
});

export type DOMExceptionName = keyof typeof LEGACY_CODES;

export function domException(name: DOMExceptionName, message: string): DOMException {
  return new DOMException(message, name);
}
