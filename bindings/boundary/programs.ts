import { PROGRAM_ENDS, type ThrownCopy } from '../../wire/programs.ts';
import {
  ErrorConstructor,
  EvalErrorConstructor,
  ObjectCreate,
  ObjectDefineProperty,
  ObjectFreeze,
  RangeErrorConstructor,
  ReferenceErrorConstructor,
  SyntaxErrorConstructor,
  TypeErrorConstructor,
  URIErrorConstructor,
} from '../primordials.ts';
import { guarded } from '../guarded.ts';
import { terminateExecution } from './natives.ts';
import { beginRemembering, endRemembering, rememberedError } from './thrown-errors.ts';

/**
 * Programs: ECMAScript's Scripts, which share one global scope, as those of one context of V8 do. `eval` cannot run one: its
 * `let`, `const` and `class`, and in strict mode its `var` and `function`, are its own. So the cell compiles and runs it, nested
 * in the turn.
 */

/** What the cell does for a program. None of these throws. */
export interface ProgramCallbacks {
  /** Compiles a program and runs it. Returns which of PROGRAM_ENDS it came to. */
  readonly run: (source: string, filename: string, columnOffset: number, keepsValue: boolean) => number;
  /** The completion value of the last program, if it was to be kept. */
  readonly takeValue: () => unknown;
  /** What the last program has thrown: the fields of `ThrownCopy`, in order. */
  readonly takeThrown: () => unknown[];
}

let callbacks: ProgramCallbacks;

export function connectPrograms(cell: ProgramCallbacks): void {
  callbacks = { run: guarded(cell.run), takeValue: guarded(cell.takeValue), takeThrown: guarded(cell.takeThrown) };
}

export interface Program {
  readonly source: string;
  /** What stack traces call it. */
  readonly filename: string;
  /** What is to be added to the columns of its first line. */
  readonly columnOffset?: number;
  /** Whether the message of a syntax error begins with its place: for an error that the script's own code gets to see. */
  readonly tellsPlace?: boolean;
}

/**
 * Runs a program and returns its completion value if it is asked for. Throws what the program throws: the same object if it
 * can be found again, otherwise an Error with the same name, message and stack.
 */
export function runProgram({ source, filename, columnOffset = 0, tellsPlace = false }: Program, keepsValue: boolean): unknown {
  const before = beginRemembering();
  try {
    const end = callbacks.run(source, filename, columnOffset, keepsValue);
    if (end === PROGRAM_ENDS.done) {
      return keepsValue ? callbacks.takeValue() : undefined;
    }
    if (end === PROGRAM_ENDS.timedOut) {
      // The program ran on a clock of its own, and the turn's stood still. Its time is over as well.
      terminateExecution(true);
    }
    const thrown = callbacks.takeThrown();
    const position = thrown[5] as string;
    throw originalOf({
      kind: thrown[0] as ThrownCopy['kind'],
      value: thrown[1],
      name: thrown[2] as string,
      message: `${tellsPlace && position !== '' ? `${position}: ` : ''}${thrown[3] as string}`,
      stack: thrown[4] as string,
      position,
    });
  } finally {
    endRemembering(before);
  }
}

/** The value that was thrown, of which the cell has only a copy. */
export function originalOf({ kind, value, name, message, stack, position }: ThrownCopy): unknown {
  switch (kind) {
    case 'primitive':
      return value;
    case 'object':
      return NOT_COPIED;
    case 'error':
      return rememberedError(stack) ?? rebuild(name, message, stack, position);
  }
}

/** Stands for a thrown object of which nothing has crossed. Its name is all that is told of it. */
const NOT_COPIED = ObjectFreeze({ name: 'a value that is not an Error', message: '' });

const ERRORS = ObjectCreate(null) as Record<string, new (message: string) => Error>;
ERRORS.EvalError = EvalErrorConstructor;
ERRORS.RangeError = RangeErrorConstructor;
ERRORS.ReferenceError = ReferenceErrorConstructor;
ERRORS.SyntaxError = SyntaxErrorConstructor;
ERRORS.TypeError = TypeErrorConstructor;
ERRORS.URIError = URIErrorConstructor;

function rebuild(name: string, message: string, stack: string, position: string): Error {
  const error = new (ERRORS[name] ?? ErrorConstructor)(message);
  define(error, 'stack', position === '' ? stack : `${name}: ${message}\n    at ${position}`);
  if (error.name !== name) {
    define(error, 'name', name);
  }
  return error;
}

function define(error: Error, name: string, value: string): void {
  const descriptor = ObjectCreate(null) as PropertyDescriptor;
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  ObjectDefineProperty(error, name, descriptor);
}
