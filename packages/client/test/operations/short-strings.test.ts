import { decodeText, type MethodInput } from '@puka/wire';
import { expect, it } from 'vitest';
import { checkIsUtf8, checkTexts, isSurelyEncodable } from '../../src/operations/short-strings.ts';
import { checkEncodable } from '../../src/topology/declarations.ts';

const raw = decodeText(Uint8Array.of(0x61, 0xff));

it('text with raw octets is refused, other text is not', () => {
  for (const text of ['', 'a', 'ключ', '🐇']) expect(() => checkIsUtf8(text, 'queue', 'queue.bind')).not.toThrow();
  expect(() => checkIsUtf8(raw, 'queue', 'queue.bind')).toThrow('queue of queue.bind has octets that are not UTF-8');
  for (const half of ['a\ud83d', '\udc00a', '\udfff', '\ud83d'.repeat(200)]) {
    expect(() => checkIsUtf8(half, 'queue', 'queue.bind')).toThrow('queue of queue.bind has a lone surrogate');
  }
});

it('each text of a method is looked at, and nothing else', () => {
  expect(() => checkTexts({ type: 'queue.declare', durable: true, arguments: { a: raw } })).not.toThrow();
  expect(() => checkTexts({ type: 'queue.bind', exchange: 'e', queue: 'q', routingKey: raw })).toThrow(
    'routingKey of queue.bind',
  );
});

const declare: MethodInput = { type: 'queue.declare', queue: 'q' };
const bind: MethodInput = { type: 'queue.bind', queue: 'q', exchange: 'e', routingKey: '' };

it.each<MethodInput>([
  { ...declare, passive: undefined, durable: true, arguments: undefined },
  { ...declare, queue: 'ж'.repeat(85) },
  { type: 'queue.delete', queue: '🐇', ifUnused: false },
  bind,
])('what is surely encodable is encoded: %j', (method) => {
  expect(isSurelyEncodable(method)).toBe(true);
  expect(() => checkEncodable(method)).not.toThrow();
});

it.each<readonly [string, object]>([
  ['a name that is too long', { ...declare, queue: 'ж'.repeat(128) }],
  ['a lone surrogate', { ...declare, queue: '\ud800' }],
  ['a number for a name', { ...declare, queue: 5 }],
  ['a name left out', { ...bind, exchange: undefined }],
  ['a flag for a name', { ...bind, routingKey: true }],
  ['a flag for a type', { type: 'exchange.declare', exchange: 'e', exchangeType: false }],
  ['a number for a table', { ...declare, arguments: 5 }],
  ['a text for a table', { ...declare, arguments: 'x-expires' }],
  ['a flag for a table', { ...declare, arguments: true }],
])('%s is left to the encoder, which refuses it', (_, method) => {
  expect(isSurelyEncodable(method as MethodInput)).toBe(false); // As a caller in JavaScript may write it.
  expect(() => checkEncodable(method as MethodInput)).toThrow();
});
