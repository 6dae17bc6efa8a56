import { decodeText, float64, longString, type Tagged } from '@puka/wire';
import { expect, it } from 'vitest';
import type { Message } from '../../src/model/message.ts';
import type { DeathReason } from '../../src/model/queues/queue.ts';
import { headersOfDead, isCycle } from '../../src/model/x-death.ts';
import { newMessage } from './message-factory.ts';

function dies(message: Message, queue: string, reason: DeathReason = 'expired'): Message {
  return message.with(headersOfDead(message, { queue, reason, nowMs: 5000 }), { exchange: 'dlx' });
}

function headers(message: Message): Readonly<Record<string, unknown>> {
  return { ...message.properties.toObject().headers } as Record<string, unknown>;
}

it('reports where a message died first, and when and why', () => {
  const dead = dies(newMessage('x', { headers: { own: 1 } }, { exchange: 'e', routingKey: 'k' }), 'q');
  expect(headers(dead)).toMatchObject({
    ...{ own: 1, 'x-first-death-queue': 'q', 'x-first-death-reason': 'expired', 'x-first-death-exchange': 'e' },
    'x-death': [{ count: 1, queue: 'q', reason: 'expired', exchange: 'e', 'routing-keys': ['k'] }],
  });
});

it('counts a death of the same queue and reason, and puts the newest first', () => {
  const dead = dies(dies(dies(newMessage(), 'q'), 'p'), 'q');
  expect(headers(dead)['x-death']).toMatchObject([
    { queue: 'q', count: 2 },
    { queue: 'p', count: 1 },
  ]);
});

it('takes the expiration away and remembers it', () => {
  const dead = dies(newMessage('x', { expiration: '60000' }), 'q', 'rejected');
  expect(headers(dead)['x-death']).toMatchObject([{ 'original-expiration': '60000' }]);
});

it('has forgotten the expiration of what was on disk', () => {
  const [death] = [headers(dies(newMessage('x', { expiration: '60000' }).stored(), 'q'))['x-death']].flat();
  expect(death).not.toHaveProperty('original-expiration');
});

it('remembers the expiration of what the broker has changed before it was on disk', () => {
  const message = newMessage('x', { expiration: '60000' });
  const dead = dies(message.with(message.headers).stored(), 'q');
  expect(headers(dead)['x-death']).toMatchObject([{ 'original-expiration': '60000' }]);
});

it('keeps the octets of a routing key and of names that are no UTF-8', () => {
  const raw = decodeText(Uint8Array.of(0x61, 0xff));
  const dead = dies(dies(newMessage('x', {}, { exchange: raw, routingKey: raw }), raw), raw);
  expect(headers(dead)).toMatchObject({
    'x-first-death-queue': Uint8Array.of(0x61, 0xff),
    'x-death': [{ count: 2, 'routing-keys': [Uint8Array.of(0x61, 0xff)] }],
  });
  expect(isCycle(dead, raw)).toBe(true);
});

it.each<[string, number | bigint | string | Tagged]>([
  ['a fraction', float64(1.5)],
  ['more than a number can count', Number.MAX_SAFE_INTEGER],
  ['more than int64 holds', float64(1e300)],
  ['a bigint', 2n ** 63n - 1n],
  ['text', longString('many')],
])('counts from 1 where a publisher has written %s as the count', (_, count) => {
  const forged = { 'x-death': [{ queue: 'q', reason: 'expired', count }] };
  const [death] = dies(newMessage('x', { headers: forged }), 'q').headers.flatMap(([name, { value }]) =>
    name === 'x-death' ? (value as Tagged[]) : [],
  );
  expect(death?.value).toContainEqual({ name: 'count', value: expect.objectContaining({ tag: 'l', value: 1 }) });
});

it('leaves room for its own headers beside as many fields as a table may have', () => {
  const many = Object.fromEntries(Array.from({ length: 65_536 }, (_, index) => [`${index}`, null]));
  const dead = dies(newMessage('x', { headers: many }), 'q');
  expect(Object.keys(headers(dead))).toHaveLength(65_536 + 4);
});

it('knows a circle without a rejection', () => {
  const once = dies(newMessage(), 'q');
  expect([isCycle(once, 'q'), isCycle(once, 'p')]).toEqual([true, false]);
  expect(isCycle(dies(newMessage(), 'q', 'rejected'), 'q')).toBe(false);
});
