import type ivm from 'isolated-vm';
import { PROGRAM_ENDS, type ThrownCopy } from '../wire/programs.ts';
import { copyOfThrown, isTimeout, syntaxErrorPosition } from './isolate-errors.ts';

/** Stands for isolated-vm's error if the time was over before a program began: where the script was is not known. */
const TIME_IS_OVER = new Error('time is over');

/**
 * Compiles and runs programs for the bindings, nested in a turn: ECMAScript's Scripts, which share one global scope.
 *
 * isolated-vm stops the clock of a turn while it runs something nested, so that a program runs on a clock of its own, with the
 * time that the turn has left. And it copies what a program throws: if that is an object with a getter that does not end, the
 * copying does not end either, outside of every limit of V8. Then the watch of the host ends the process.
 */
export class ProgramRunner {
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #timeLeft: () => number;
  #value: ivm.Reference | undefined;
  #thrown: ThrownCopy | undefined;
  #timeout: unknown;

  /** @param timeLeft how long the turn that is under way may still take, in milliseconds */
  constructor(isolate: ivm.Isolate, context: ivm.Context, timeLeft: () => number) {
    this.#isolate = isolate;
    this.#context = context;
    this.#timeLeft = timeLeft;
  }

  /** A turn begins. */
  begin(): void {
    this.#timeout = undefined;
  }

  /**
   * Whether the turn may take no more time. Its own clock stands still while the cell does something for it. So a script that
   * runs programs without end, or asks without end, is stopped here.
   */
  isTimeOver(): boolean {
    const isOver = this.#timeLeft() <= 0;
    if (isOver) {
      this.#timeout ??= TIME_IS_OVER;
    }
    return isOver;
  }

  /** isolated-vm's error, if a program of this turn was ended by the time limit: it says where. */
  get timeout(): unknown {
    return this.#timeout;
  }

  /** Returns one of PROGRAM_ENDS. Throws nothing, as a script would read this process's stack. */
  run(source: unknown, filename: unknown, columnOffset: unknown, keepsValue: unknown): number {
    if (this.isTimeOver()) {
      return PROGRAM_ENDS.timedOut;
    }
    const name = String(filename);
    let script: ivm.Script;
    try {
      script = this.#isolate.compileScriptSync(String(source), { filename: name, columnOffset: Number(columnOffset) });
    } catch (error) {
      const copy = copyOfThrown(error);
      const { position, text } = syntaxErrorPosition(copy.message, name);
      this.#thrown = { ...copy, message: text, stack: '', position };
      return PROGRAM_ENDS.thrown;
    }
    const timeout = Math.max(1, Math.ceil(this.#timeLeft()));
    try {
      if (keepsValue === true) {
        this.#value = script.runSync(this.#context, { reference: true, release: true, timeout }) as unknown as ivm.Reference;
      } else {
        script.runSync(this.#context, { release: true, timeout });
      }
      return PROGRAM_ENDS.done;
    } catch (error) {
      // One that was nested in this one may have timed out before.
      this.#timeout ??= isTimeout(error) ? error : undefined;
      if (this.#timeout !== undefined) {
        return PROGRAM_ENDS.timedOut;
      }
      const copy = copyOfThrown(error);
      // V8 finds some mistakes only when it has compiled, as a name that another program has declared: they have no position.
      const position = copy.name === 'SyntaxError' && !copy.stack.includes(name) ? name : '';
      this.#thrown = { ...copy, position };
      return PROGRAM_ENDS.thrown;
    }
  }

  takeValue(): unknown {
    const value = this.#value;
    this.#value = undefined;
    return value?.derefInto({ release: true });
  }

  /** The fields of ThrownCopy, in order. */
  takeThrown(): unknown[] {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    return thrown === undefined ? [] : [thrown.kind, thrown.value, thrown.name, thrown.message, thrown.stack, thrown.position];
  }
}
