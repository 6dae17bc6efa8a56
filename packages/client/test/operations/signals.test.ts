import { getEventListeners } from 'node:events';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { checkSignal, Signals } from '../../src/operations/signals.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('one signal', () => {
  it('has one listener, however many operations use it, and none when nothing does', () => {
    const signals = new Signals();
    const { signal } = new AbortController();
    const undo = Array.from({ length: 1000 }, () => signals.watch(signal, () => {}));
    expect(listenersOf(signal)).toBe(1);
    for (const each of undo.slice(1)) each();
    expect(listenersOf(signal)).toBe(1);
    undo[0]?.();
    expect(listenersOf(signal)).toBe(0);
  });

  it('aborted, ends all operations that use it, each once, with its reason, and has no listener left', () => {
    const signals = new Signals();
    const controller = new AbortController();
    const reasons: unknown[] = [];
    for (let index = 0; index < 3; index++) signals.watch(controller.signal, (reason) => reasons.push(reason));
    const undo = signals.watch(controller.signal, () => reasons.push('undone'));
    undo();
    controller.abort('why');
    expect(reasons).toEqual(['why', 'why', 'why']);
    expect(listenersOf(controller.signal)).toBe(0);
  });

  it('may be watched again, and undone late, without harm', () => {
    const signals = new Signals();
    const controller = new AbortController();
    const first = signals.watch(controller.signal, () => {});
    first();
    const reasons: unknown[] = [];
    signals.watch(controller.signal, (reason) => reasons.push(reason));
    first();
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort('why');
    first();
    expect(reasons).toEqual(['why']);
  });

  it('aborted, lets the listeners called first undo others', () => {
    const signals = new Signals();
    const controller = new AbortController();
    const told: string[] = [];
    let undoSecond: () => void = () => {};
    signals.watch(controller.signal, () => {
      told.push('first');
      undoSecond();
    });
    undoSecond = signals.watch(controller.signal, () => told.push('second'));
    controller.abort();
    expect(told).toEqual(['first']);
  });
});

it('distinguishes several signals', () => {
  const signals = new Signals();
  const [one, other] = [new AbortController(), new AbortController()];
  const reasons: unknown[] = [];
  signals.watch(one.signal, (reason) => reasons.push(reason));
  signals.watch(other.signal, (reason) => reasons.push(reason));
  other.abort('other');
  expect(reasons).toEqual(['other']);
  one.abort('one');
  expect(reasons).toEqual(['other', 'one']);
});

describe('checkSignal', () => {
  it('takes a signal, and none', () => {
    expect(() => checkSignal(new AbortController().signal)).not.toThrow();
    expect(() => checkSignal(undefined)).not.toThrow();
  });

  it.each([null, 5, 'abort', {}, () => {}, { addEventListener: 5 }, new AbortController()])('refuses %s', (signal) => {
    expect(() => checkSignal(signal)).toThrow(UsageError);
  });
});
