import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { type Abortable, checkSignal, Signals } from '../src/signals.ts';

/** A signal that counts its listeners. */
function countedSignal(): { readonly signal: AbortSignal; abort(): void; readonly count: number } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal) as Abortable['addEventListener'];
  const remove = signal.removeEventListener.bind(signal) as Abortable['removeEventListener'];
  Object.assign(signal, {
    addEventListener: (type: 'abort', listener: () => void) => {
      listeners.add(listener);
      add(type, listener);
    },
    removeEventListener: (type: 'abort', listener: () => void) => {
      listeners.delete(listener);
      remove(type, listener);
    },
  });
  return {
    signal,
    abort: () => controller.abort(),
    get count() {
      return listeners.size;
    },
  };
}

it('adds one listener to a signal, and removes it when no call uses the signal', () => {
  const signals = new Signals();
  const counted = countedSignal();
  const undo = Array.from({ length: 100 }, () => signals.watch(counted.signal, () => undefined));
  expect(counted.count).toBe(1);
  for (const each of undo) each();
  expect(counted.count).toBe(0);
  for (const each of undo) each();
  signals.watch(counted.signal, () => undefined);
  expect(counted.count).toBe(1);
});

it('calls every function of a signal when it is aborted, except those that were undone meanwhile', () => {
  const signals = new Signals();
  const counted = countedSignal();
  const called: string[] = [];
  let undoLast = (): void => undefined;
  signals.watch(counted.signal, () => {
    called.push('first');
    undoLast();
  });
  signals.watch(counted.signal, () => void called.push('second'));
  undoLast = signals.watch(counted.signal, () => void called.push('last'));
  counted.abort();
  expect(called).toEqual(['first', 'second']);
  expect(counted.count).toBe(0);
});

it('refuses anything but a signal', () => {
  expect(() => checkSignal(undefined)).not.toThrow();
  expect(() => checkSignal(AbortSignal.timeout(1))).not.toThrow();
  for (const other of [null, 5, {}, new AbortController()]) expect(() => checkSignal(other)).toThrow(UsageError);
});
