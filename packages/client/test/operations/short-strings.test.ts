import { decodeText } from '@puka/wire';
import { expect, it } from 'vitest';
import { checkIsUtf8, checkTexts } from '../../src/operations/short-strings.ts';

const raw = decodeText(Uint8Array.of(0x61, 0xff));

it('text with raw octets is refused, other text is not', () => {
  for (const text of ['', 'a', 'ключ', '🐇']) expect(() => checkIsUtf8(text, 'queue', 'queue.bind')).not.toThrow();
  expect(() => checkIsUtf8(raw, 'queue', 'queue.bind')).toThrow('queue of queue.bind has octets that are no UTF-8');
});

it('each text of a method is looked at, and nothing else', () => {
  expect(() => checkTexts({ type: 'queue.declare', durable: true, arguments: { a: raw } })).not.toThrow();
  expect(() => checkTexts({ type: 'queue.bind', exchange: 'e', queue: 'q', routingKey: raw })).toThrow(
    'routingKey of queue.bind',
  );
});
