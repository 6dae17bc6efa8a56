import { expect, it } from 'vitest';
import { QueuedMessage } from '../../src/model/queued-message.ts';
import { groupsOf, UnackedDeliveries, type UnackedDelivery } from '../../src/protocol/unacked-deliveries.ts';
import { newMessage } from '../model/message-factory.ts';
import { QueueScene } from '../model/queues/queue-scene.ts';

const queues = { a: new QueueScene({}, { name: 'a' }).queue, b: new QueueScene({}, { name: 'b' }).queue };

function delivery(deliveryTag: number, queue: 'a' | 'b' = 'a', consumerTag?: string): UnackedDelivery {
  const entry = new QueuedMessage(deliveryTag, newMessage(), Number.POSITIVE_INFINITY);
  return { deliveryTag, queue: queues[queue], entry, consumerTag, deliveredAtMs: 0 };
}

function unacked(...tags: readonly number[]): UnackedDeliveries {
  const all = new UnackedDeliveries();
  for (const tag of tags) all.add(delivery(tag));
  return all;
}

const tags = (deliveries: readonly UnackedDelivery[]): number[] => deliveries.map(({ deliveryTag }) => deliveryTag);

it('takes one, or all up to one, or all there are', () => {
  expect(tags(unacked(1, 2, 3).take(2, false))).toEqual([2]);
  expect(tags(unacked(1, 2, 3).take(2, true))).toEqual([1, 2]);
  expect(tags(unacked(1, 2, 3).take(0, true))).toEqual([1, 2, 3]);
});

it('refuses a tag that is not there, with many too', () => {
  expect(() => unacked(1).take(2, false)).toThrow('unknown delivery tag 2');
  expect(() => unacked(1, 3).take(2, true)).toThrow('unknown delivery tag 2');
  expect(() => unacked(1).take(0, false)).toThrow('unknown delivery tag 0');
});

it('takes back what was taken, to its place', () => {
  const all = unacked(1, 2, 3);
  all.putBack(all.take(2, true));
  expect(tags(all.all)).toEqual([1, 2, 3]);
});

it('settles queue by queue in the order of the names, gets before consumers', () => {
  const deliveries = [delivery(1, 'b', 't'), delivery(2, 'a', 'z'), delivery(3, 'a', 'y'), delivery(4, 'a')];
  const groups = groupsOf([...deliveries, delivery(5, 'a', 'z')]);
  expect(groups.map(({ queue, consumerTag, entries }) => [queue.name, consumerTag, entries.length])).toEqual([
    ['a', undefined, 1],
    ['a', 'y', 1],
    ['a', 'z', 2],
    ['b', 't', 1],
  ]);
});
