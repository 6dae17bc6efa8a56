import { expect, it } from 'vitest';
import { BrokerModel } from '../../src/model/broker-model.ts';
import type { Queue } from '../../src/model/queues/queue.ts';
import { History } from '../../src/watching/history.ts';
import { Waits } from '../../src/watching/waits.ts';
import { newMessage } from '../model/message-factory.ts';

const vhost = new BrokerModel({ newId: () => new Uint8Array(16) }).addVhost('/');
const queue = { name: 'jobs' } as Queue; // Nothing else of it is looked at.

function textsOf(messages: readonly { text(): string }[]): string[] {
  return messages.map((message) => message.text());
}

it('ends a wait with the message that makes it enough', async () => {
  const history = new History(10, new Waits());
  const wait = history.published('/', 'jobs', 2, {});
  history.queued(vhost, queue, newMessage('a'), 'taken');
  history.queued(vhost, queue, newMessage('refused'), 'rejected');
  history.queued(vhost, queue, newMessage('b'), 'taken');
  expect(textsOf(await wait)).toEqual(['a', 'b']);
  expect(textsOf(await history.published('/', 'jobs', 1, {}))).toEqual(['a', 'b']);
});

it('keeps no more entries than its limit, and continues to count', async () => {
  const history = new History(2, new Waits());
  for (const body of ['a', 'b', 'c', 'd', 'e']) history.queued(vhost, queue, newMessage(body), 'taken');
  expect(textsOf(await history.published('/', 'jobs', 5, {}))).toEqual(['d', 'e']);
  for (const body of ['x', 'y', 'z']) history.unrouted(newMessage(body));
  expect(textsOf(history.unroutable)).toEqual(['y', 'z']);
});

it('keeps nothing with a limit of 0, and continues to count', async () => {
  const history = new History(0, new Waits());
  history.queued(vhost, queue, newMessage('a'), 'taken');
  expect(await history.published('/', 'jobs', 1, {})).toEqual([]);
});

it('counts from the start again when it is cleared', async () => {
  const history = new History(10, new Waits());
  history.queued(vhost, queue, newMessage('a'), 'taken');
  history.clear();
  await expect(history.published('/', 'jobs', 1, { timeoutMs: 1 })).rejects.toThrow(
    "published('jobs', 1): 0 came within 1 ms",
  );
});
