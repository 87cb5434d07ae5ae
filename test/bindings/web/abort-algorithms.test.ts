import '../../support/natives.ts';
import { describe, expect, test } from '@jest/globals';
import { connectServices } from '../../../bindings/cell-services.ts';
import { abortReason, addAbortAlgorithm, isAborted, isAbortSignal, removeAbortAlgorithm } from '../../../bindings/web/abort-algorithms.ts';
import { AbortController, AbortSignal } from '../../../bindings/web/abort-signal.ts';

connectServices({ parseURL: () => [], changeURL: () => [], randomBytes: () => '', now: () => 0, copyLine: () => false });

describe('what the bindings do with a signal', () => {
  test('their algorithms run once, in order, before the event', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const order: string[] = [];
    signal.addEventListener('abort', () => order.push('event'));
    const removed = (): void => void order.push('removed');
    addAbortAlgorithm(signal, () => order.push(`first, ${isAborted(signal)}`));
    addAbortAlgorithm(signal, removed);
    addAbortAlgorithm(signal, () => order.push('second'));
    removeAbortAlgorithm(signal, removed);
    expect([isAborted(signal), abortReason(signal)]).toEqual([false, undefined]);
    controller.abort('why');
    controller.abort();
    expect(order).toEqual(['first, true', 'second', 'event']);
    expect([isAborted(signal), abortReason(signal)]).toEqual([true, 'why']);
  });

  test('none runs of a signal that is aborted already', () => {
    const signal = AbortSignal.abort();
    addAbortAlgorithm(signal, () => {
      throw new Error('ran');
    });
    expect(isAborted(signal)).toBe(true);
  });

  test('only signals are signals', () => {
    expect([AbortSignal.abort(), Object.create(AbortSignal.prototype), AbortSignal, {}, null, undefined, 'signal'].map(isAbortSignal)).toEqual([true, false, false, false, false, false, false]);
    expect(() => isAborted({})).toThrow(TypeError);
    expect(() => addAbortAlgorithm({}, () => {})).toThrow(TypeError);
  });
});
