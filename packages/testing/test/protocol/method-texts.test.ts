import { ByteWriter, encodeMethod, type MethodInput, methodIdAt } from '@puka/wire';
import { expect, it } from 'vitest';
import { hasWellFormedTexts } from '../../src/protocol/method-texts.ts';

/** Whether the texts of a method are well formed in which each `~` is an octet 0xFF. */
function verdict(method: MethodInput): boolean {
  const writer = new ByteWriter();
  encodeMethod(writer, 1, method);
  const bytes = Buffer.concat(writer.take()).map((octet) => (octet === 0x7e ? 0xff : octet));
  const [start, end] = [7, bytes.length - 1];
  return hasWellFormedTexts(methodIdAt(bytes, start, end), bytes, start, end);
}

it.each<[MethodInput, boolean]>([
  [{ type: 'queue.declare', queue: 'größer' }, true],
  [{ type: 'queue.declare', queue: '~' }, false],
  [{ type: 'queue.declare', queue: '', arguments: { '~': '~' } }, true],
  [{ type: 'connection.start-ok', clientProperties: { a: '~' }, mechanism: '', response: '~', locale: 'ä' }, true],
  [{ type: 'connection.start-ok', clientProperties: {}, mechanism: '', response: '', locale: '~' }, false],
  [{ type: 'basic.ack', deliveryTag: 0x7e }, true],
  [{ type: 'queue.unbind', queue: 'a', exchange: 'b', routingKey: '~' }, false],
])('looks at short strings alone: %o', (method, isWellFormed) => {
  expect(verdict(method)).toBe(isWellFormed);
});
