import { command } from '../bridge.ts';
import { copyLine, monotonicNow } from '../cell-services.ts';
import { COMMANDS, PRINT_LEVELS, type PrintLevel } from '../../wire/commands.ts';
import {
  ErrorConstructor,
  MapConstructor,
  MapPrototypeDelete,
  MapPrototypeGet,
  MapPrototypeHas,
  MapPrototypeSet,
  MathMin,
  MathTrunc,
  StringPrototypeRepeat,
} from '../primordials.ts';
import { describeError } from '../errors.ts';
import { formatValues } from './inspect.ts';

/** Groups are indented up to here. */
const DEEPEST_GROUP = 32;

const levels: Readonly<Record<string, number>> = (() => {
  const numbers: Record<string, number> = {};
  for (let index = 0; index < PRINT_LEVELS.length; index++) {
    numbers[PRINT_LEVELS[index] as string] = index;
  }
  return numbers;
})();

function write(level: PrintLevel, text: string): void {
  command('print', { level: levels[level] as number, text });
  copyLine(COMMANDS.print.code, levels[level] as number, text, '');
}

/** Overte's `print`: the values, joined with spaces. */
export function print(...values: unknown[]): void {
  write('log', formatValues(values));
}

/** Overte's `console`. A fresh one for each script, as it keeps groups and timers. */
export function createConsole(): object {
  let indent = 0;
  const started = new MapConstructor<string, number>();
  const counts = new MapConstructor<string, number>();
  const log = (level: PrintLevel, values: readonly unknown[]): void =>
    write(level, StringPrototypeRepeat('    ', MathMin(indent, DEEPEST_GROUP)) + formatValues(values));
  const labelOf = (label: unknown): string => (label === undefined ? 'default' : `${label as string}`);
  const group = (...values: unknown[]): void => {
    log('log', values);
    indent++;
  };

  return {
    log: (...values: unknown[]) => log('log', values),
    debug: (...values: unknown[]) => log('debug', values),
    info: (...values: unknown[]) => log('info', values),
    warn: (...values: unknown[]) => log('warning', values),
    error: (...values: unknown[]) => log('error', values),
    exception: (...values: unknown[]) => log('error', values),
    assert(condition: unknown, ...values: unknown[]) {
      if (!condition) {
        log('error', [`Assertion failed : ${formatValues(values)}`]);
      }
    },
    group,
    groupCollapsed: group,
    groupEnd() {
      indent = indent > 0 ? indent - 1 : 0;
    },
    time(label?: unknown) {
      MapPrototypeSet(started, labelOf(label), monotonicNow());
      log('log', [`${labelOf(label)}: Timer started`]);
    },
    timeEnd(label?: unknown) {
      const name = labelOf(label);
      if (MapPrototypeHas(started, name)) {
        log('log', [`${name}: ${MathTrunc(monotonicNow() - (MapPrototypeGet(started, name) as number))}ms`]);
        MapPrototypeDelete(started, name);
      }
    },
    count(label?: unknown) {
      const name = labelOf(label);
      const count = (MapPrototypeGet(counts, name) ?? 0) + 1;
      MapPrototypeSet(counts, name, count);
      log('log', [`${name}: ${count}`]);
    },
    trace(...values: unknown[]) {
      const { stack } = describeError(new ErrorConstructor('trace'));
      log('log', [`Trace: ${formatValues(values)}${stack === '' ? '' : `\n${stack}`}`]);
    },
    clear() {},
  };
}
