import { describe, expect, test } from '@jest/globals';
import { LIMITS, resolveLimits, type LimitName, type Limits } from '../../../host/policy/limits.ts';

const names = Object.keys(LIMITS) as LimitName[];

describe('resolveLimits', () => {
  test('gives the default of each limit', () => {
    const limits = resolveLimits();
    expect(Object.keys(limits)).toEqual(names);
    for (const name of names) {
      expect(limits[name]).toBe(LIMITS[name].default);
    }
  });

  test('puts overrides over them, and leaves the table as it is', () => {
    const limits = resolveLimits({ memory: 128, sockets: 0 });
    expect(limits).toEqual({ ...resolveLimits(), memory: 128, sockets: 0 });
    expect(resolveLimits().memory).toBe(LIMITS.memory.default);
  });

  test('takes undefined for the default', () => {
    expect(resolveLimits({ memory: undefined } as unknown as Partial<Limits>)).toEqual(resolveLimits());
  });

  test.each(names)('%s: its bounds are taken, what is beyond is refused by name', (name) => {
    const { default: value, least, most } = LIMITS[name];
    expect(least).toBeLessThanOrEqual(value);
    expect(value).toBeLessThanOrEqual(most);
    expect(resolveLimits({ [name]: least })[name]).toBe(least);
    expect(resolveLimits({ [name]: most })[name]).toBe(most);
    for (const wrong of [least - 1, most + 1, value + 0.5, NaN, Infinity, String(value), null, {}, BigInt(value)]) {
      expect(() => resolveLimits({ [name]: wrong as number })).toThrow(
        expect.objectContaining({
          code: 'ERR_AIRLOCK_INVALID_ARGUMENT',
          message: `The limit ${name} must be a whole number from ${least} to ${most}, not ${String(wrong)}`,
        }),
      );
    }
  });

  test.each(['legs', '', 'toString', 'constructor'])("there is no limit '%s'", (name) => {
    expect(() => resolveLimits({ [name]: 1 })).toThrow(`There is no limit '${name}'; there are ${names.join(', ')}`);
  });

  test.each([['Memory', 'memory'], ['memmory', 'memory'], ['socket', 'sockets'], ['trunTimeout', 'turnTimeout']])("of '%s' it says what was meant", (name, meant) => {
    expect(() => resolveLimits({ [name]: 1 })).toThrow(`There is no limit '${name}'; did you mean ${meant}?`);
  });
});
