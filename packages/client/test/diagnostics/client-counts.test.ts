import { expect, it } from 'vitest';
import { ClientCounts } from '../../src/diagnostics/client-counts.ts';
import { Operation, type OperationHost } from '../../src/operations/operation.ts';

const host: OperationHost = { nextNumber: () => 1, callbackReady: () => {}, failedUnseen: () => {} };

it('requests are counted by method and outcome, and a copy is given', () => {
  const counts = new ClientCounts();
  const [one, two, three] = ['queue.purge', 'queue.bind', 'queue.purge'].map((method) => {
    const operation = new Operation<number>(host, method, undefined);
    counts.request(operation);
    return operation;
  });
  one?.fulfil(1);
  two?.reject(new Error('no'));
  const before = counts.requests;
  three?.reject(new Error('no'));
  expect(before).toEqual({
    'queue.bind': { succeeded: 0, failed: 1, open: 0 },
    'queue.purge': { succeeded: 1, failed: 0, open: 1 },
  });
  expect(counts.requests['queue.purge']).toEqual({ succeeded: 1, failed: 1, open: 0 });
});

it('one that has its outcome already is not counted as open', () => {
  const counts = new ClientCounts();
  const operation = new Operation<number>(host, 'basic.consume', undefined);
  operation.reject(new Error('no'));
  counts.request(operation);
  expect(counts.requests['basic.consume']).toEqual({ succeeded: 0, failed: 1, open: 0 });
});
