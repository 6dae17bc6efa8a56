import { AmqpSyntaxError } from '@puka/errors';
import { decodeMethod, type MethodInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { checkContentMethod, readDeliveryTag } from '../../src/session/content-method.ts';
import type { ContentKind, ReceivedContent } from '../../src/session/index.ts';
import { seededRandom } from '../seeded.ts';
import { frames } from './harness.ts';

const route = { redelivered: true, exchange: 'exchange', routingKey: 'a key' };
const methods: readonly (readonly [ContentKind, MethodInput])[] = [
  ['deliver', { type: 'basic.deliver', consumerTag: 'tag', deliveryTag: 0x1_0203_0405, ...route }],
  ['deliver', { type: 'basic.deliver', consumerTag: '', deliveryTag: 7, ...route, exchange: '', routingKey: '' }],
  ['get-ok', { type: 'basic.get-ok', deliveryTag: 0x1_0203_0405, messageCount: 3, ...route }],
  ['return', { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: 'exchange', routingKey: 'key' }],
];

/** The payload of a method, between other bytes. */
function payload(method: MethodInput): { bytes: Uint8Array; start: number; end: number } {
  const bytes = frames([1, method]);
  return { bytes, start: 7, end: bytes.length - 1 };
}

describe.each(methods)('%s', (kind, method) => {
  const { bytes, start, end } = payload(method);

  it('passes as it was encoded', () => {
    expect(() => checkContentMethod(kind, bytes, start, end)).not.toThrow();
  });

  it('is refused when it is cut anywhere, or longer', () => {
    for (let cut = start + 4; cut < end; cut++) {
      expect(() => checkContentMethod(kind, bytes, start, cut)).toThrow(AmqpSyntaxError);
    }
    expect(() => checkContentMethod(kind, bytes, start, end + 1)).toThrow(AmqpSyntaxError);
  });

  it('that passes can be decoded, whatever its octets are', () => {
    const random = seededRandom(5);
    let passed = 0;
    for (let round = 0; round < 2000; round++) {
      const bent = bytes.slice();
      bent[start + 4 + Math.floor(random() * (end - start - 4))] = Math.floor(random() * 256);
      try {
        checkContentMethod(kind, bent, start, end);
      } catch (error) {
        expect(error).toBeInstanceOf(AmqpSyntaxError);
        continue;
      }
      passed++;
      expect(decodeMethod(bent, start, end).type).toBe(method.type);
    }
    expect(passed).toBeGreaterThan(100);
  });
});

describe('a delivery tag', () => {
  it.each(methods.filter(([kind]) => kind !== 'return'))('of a %s is found', (kind, method) => {
    const { bytes, start, end } = payload(method);
    const content: Pick<ReceivedContent, 'kind' | 'methodBytes' | 'methodStart' | 'methodEnd'> = {
      kind,
      methodBytes: bytes,
      methodStart: start,
      methodEnd: end,
    };
    expect(readDeliveryTag(content as ReceivedContent)).toBe('deliveryTag' in method ? method.deliveryTag : -1);
  });
});
