import { NotFound } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import { expect, it } from 'vitest';
import { EntityRequests, type EntityRequestsHost } from '../../src/recovery/entity-requests.ts';

/** A pool of one channel that answers as the test sets. */
function scene(answer: (method: MethodInput) => Method | Error, refusesTransientQueues = false) {
  const sent: MethodInput[] = [];
  const renamed: string[][] = [];
  const channel = {
    isUsable: true,
    request(method: MethodInput, answered: (reply?: Method, error?: Error) => void): boolean {
      sent.push(method);
      const reply = answer(method);
      if (reply instanceof Error) answered(undefined, reply);
      else answered(reply);
      return true;
    },
  };
  const pool = { acquire: (use: (given: typeof channel) => void) => use(channel), release: () => {} };
  const requests = new EntityRequests({
    pool: pool as unknown as EntityRequestsHost['pool'], // No more of it is used.
    refusesTransientQueues,
    wake: () => {},
    renamed: (from, to) => renamed.push([from, to]),
  });
  const ends: unknown[] = [];
  return { requests, sent, renamed, ends, done: (error: unknown) => ends.push(error) };
}

const declareOk = (queue: string): Method => ({ type: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 0 });

it('makes a named queue as it was declared', () => {
  const { requests, sent, ends, done } = scene(() => declareOk('q'));
  requests.queue({ kind: 'queue', queue: 'q', options: { queue: 'q', durable: true } }, done);
  expect(sent).toMatchObject([{ type: 'queue.declare', queue: 'q', durable: true }]);
  expect(ends).toEqual([undefined]);
});

it('declares an exclusive server-named queue anew at once, and reports its name', () => {
  const { requests, sent, renamed, done } = scene(() => declareOk('amq.gen-2'));
  requests.queue({ kind: 'queue', queue: 'amq.gen-1', options: { exclusive: true } }, done);
  expect(sent).toHaveLength(1);
  expect(sent[0]).not.toMatchObject({ queue: 'amq.gen-1' });
  expect(renamed).toEqual([['amq.gen-1', 'amq.gen-2']]);
});

it('looks for another server-named queue first, and declares it anew only where it is gone', () => {
  const there = scene(() => declareOk('amq.gen-1'));
  there.requests.queue({ kind: 'queue', queue: 'amq.gen-1', options: {} }, there.done);
  expect([there.sent, there.renamed]).toMatchObject([[{ queue: 'amq.gen-1', passive: true }], []]);
  const gone = scene((method) =>
    'passive' in method && method.passive === true ? new NotFound('no queue') : declareOk('amq.gen-2'),
  );
  gone.requests.queue({ kind: 'queue', queue: 'amq.gen-1', options: {} }, gone.done);
  expect(gone.renamed).toEqual([['amq.gen-1', 'amq.gen-2']]);
  expect(gone.ends).toEqual([undefined]);
});

it('does not ask a broker for a queue that it never takes', () => {
  const { requests, sent, ends, done } = scene(() => declareOk('q'), true);
  requests.queue({ kind: 'queue', queue: 'q', options: { queue: 'q', durable: false } }, done);
  expect(sent).toEqual([]);
  // Nothing has become of the connection.
  expect(ends).toMatchObject([{ code: 'AMQP_NOT_IMPLEMENTED', scope: 'operation', outcome: 'not-sent' }]);
});

it('makes bindings of queues and of exchanges', () => {
  const { requests, sent, done } = scene(() => ({ type: 'queue.bind-ok' }));
  const route = { kind: 'binding', source: 's', destination: 'd', routingKey: 'k', arguments: undefined } as const;
  requests.binding({ ...route, destinationKind: 'queue' }, done);
  requests.binding({ ...route, destinationKind: 'exchange' }, done);
  expect(sent).toMatchObject([
    { type: 'queue.bind', queue: 'd', exchange: 's', routingKey: 'k' },
    { type: 'exchange.bind', destination: 'd', source: 's', routingKey: 'k' },
  ]);
});
