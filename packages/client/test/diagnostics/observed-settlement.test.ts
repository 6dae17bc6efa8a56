import { expect, it } from 'vitest';
import { ObservedSettlement } from '../../src/diagnostics/observed-settlement.ts';

it('settles as the object that it wraps, and reports how', () => {
  const calls: unknown[] = [];
  const inner = {
    acksOnly: true,
    ack: (tag: number) => calls.push(['ack', tag]) > 0,
    reject: (tag: number, requeue: boolean) => calls.push(['reject', tag, requeue]) < 0,
    nack: (tag: number, requeue: boolean) => calls.push(['nack', tag, requeue]) > 0,
  };
  const settlement = new ObservedSettlement(inner, (told) => calls.push(told));
  expect([settlement.acksOnly, settlement.ack(1), settlement.reject(2, true), settlement.nack(3, false)]).toEqual([
    ...[true, true, false, true],
  ]);
  expect(calls).toEqual([
    ...[['ack', 1], { method: 'basic.ack', requeue: false, isSent: true }],
    ...[['reject', 2, true], { method: 'basic.reject', requeue: true, isSent: false }],
    ...[['nack', 3, false], { method: 'basic.nack', requeue: false, isSent: true }],
  ]);
});
