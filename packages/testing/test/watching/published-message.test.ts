import { encodeProperties, PropertiesReader } from '@puka/wire';
import { expect, it } from 'vitest';
import { Message } from '../../src/model/message.ts';
import { PublishedMessage } from '../../src/watching/published-message.ts';

function published(body: string, properties: Parameters<typeof encodeProperties>[0] = {}): PublishedMessage {
  const reader = new PropertiesReader(encodeProperties(properties));
  return new PublishedMessage(new Message('news', ['sport'], reader, new TextEncoder().encode(body)));
}

it('shows where a message went, and what is in it', () => {
  const message = published('{"goals":2}', { messageId: 'm', deliveryMode: 2, headers: { n: 1 } });
  expect([message.exchange, message.routingKey]).toEqual(['news', 'sport']);
  expect([message.text(), message.json()]).toEqual(['{"goals":2}', { goals: 2 }]);
  expect(message.properties).toMatchObject({ messageId: 'm', deliveryMode: 2 });
  expect(message.headers).toEqual({ n: 1 });
  expect(message.isPersistent).toBe(true);
});

it('has headers where there are none, without a prototype', () => {
  const { headers, isPersistent } = published('');
  expect([Object.keys(headers), Object.getPrototypeOf(headers), isPersistent]).toEqual([[], null, false]);
});

it('refuses to read as JSON what is none', () => {
  expect(() => published('goals').json()).toThrow(SyntaxError);
});
