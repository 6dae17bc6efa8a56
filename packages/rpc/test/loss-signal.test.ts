import { expect, it } from 'vitest';
import { LossSignal } from '../src/loss-signal.ts';

it('calls its listeners when it is aborted, with the reason', () => {
  const signal = new LossSignal();
  const told: string[] = [];
  const first = (): void => void told.push(`first: ${String(signal.reason)}`);
  const second = (): void => void told.push('second');
  signal.addEventListener('abort', first);
  signal.addEventListener('abort', second);
  signal.removeEventListener('abort', second);
  expect(signal.aborted).toBe(false);
  signal.abort('lost');
  expect(signal.aborted).toBe(true);
  expect(told).toEqual(['first: lost']);
});
