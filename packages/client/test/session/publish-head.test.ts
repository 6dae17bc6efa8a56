import { ByteWriter, encodeBasicPublish, encodeProperties, writeBody, writeContentHeader } from '@puka/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PublishHead, type PublishInput } from '../../src/session/publish-head.ts';
import { joined } from './harness.ts';

const frameMaxBytes = 8192;
const persistent = { deliveryMode: 2 } as const;
const encodedOnce = encodeProperties(persistent);

/** The properties, and what they are as an object. */
const propertiesPool = [
  { properties: encodedOnce, plain: persistent },
  // Equal octets in another array, as two publishes with the same headers have.
  { properties: encodeProperties(persistent), plain: persistent },
  { properties: encodeProperties({ contentType: 'text/plain' }), plain: { contentType: 'text/plain' } },
  { properties: persistent, plain: persistent },
];

const message = fc.record({
  exchange: fc.constantFrom('', 'logs'),
  routingKey: fc.constantFrom('a', 'b', 'ü'.repeat(60)),
  mandatory: fc.boolean(),
  encoding: fc.constantFrom(...propertiesPool),
  bodyBytes: fc.constantFrom(0, 1, 16, 300, 20_000),
});

function written(write: (writer: ByteWriter) => void): Uint8Array {
  // Small chunks, so that heads come to lie at their ends.
  const writer = new ByteWriter(512);
  write(writer);
  return joined(writer.take());
}

describe('the head of a publish', () => {
  it('is the same octets whether it was written before or not', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.nat({ max: 3 }), (messages, repeats) => {
        const all = messages.flatMap((each) => Array.from({ length: repeats + 1 }, () => each));
        const head = new PublishHead();
        const ours = written((writer) => {
          for (const { exchange, routingKey, mandatory, encoding, bodyBytes } of all) {
            const body = new Uint8Array(bodyBytes).fill(7);
            writer.begin();
            head.write(
              writer,
              3,
              { exchange, routingKey, mandatory, properties: encoding.properties, body },
              frameMaxBytes,
            );
            writeBody(writer, 3, body, frameMaxBytes);
          }
        });
        const plain = written((writer) => {
          for (const { exchange, routingKey, mandatory, encoding, bodyBytes } of all) {
            encodeBasicPublish(writer, 3, { exchange, routingKey, mandatory }, frameMaxBytes);
            writeContentHeader(writer, 3, bodyBytes, encoding.plain, frameMaxBytes);
            writeBody(writer, 3, new Uint8Array(bodyBytes).fill(7), frameMaxBytes);
          }
        });
        // Not by `toEqual`, which takes its time with so many octets.
        expect(Buffer.compare(ours, plain)).toBe(0);
      }),
    );
  });

  it('has the properties as they are at each call, also in an array that is used again', () => {
    const head = new PublishHead();
    const plain = { exchange: '', routingKey: 'q', mandatory: false, body: new Uint8Array(1) };
    const reused = encodedOnce.slice();
    const ours: Uint8Array[] = [];
    for (const deliveryMode of [1, 2, 1, 2]) {
      reused.set(encodeProperties({ deliveryMode }));
      ours.push(written((writer) => head.write(writer, 1, { ...plain, properties: reused }, frameMaxBytes)));
    }
    const wanted = [1, 2, 1, 2].map((deliveryMode) =>
      written((writer) => {
        const properties = encodeProperties({ deliveryMode });
        new PublishHead().write(writer, 1, { ...plain, properties }, frameMaxBytes);
      }),
    );
    expect(ours).toEqual(wanted);
  });

  it('that cannot be encoded is refused each time, and leaves the next one as it is', () => {
    const head = new PublishHead();
    const body = new Uint8Array(3);
    const bad: PublishInput = {
      exchange: '',
      routingKey: 'k'.repeat(256),
      mandatory: false,
      properties: encodedOnce,
      body,
    };
    const good: PublishInput = { ...bad, routingKey: 'k' };
    const ours = written((writer) => {
      for (const each of [good, bad, bad, good, good, bad, good]) {
        writer.begin();
        try {
          head.write(writer, 1, each, frameMaxBytes);
        } catch {
          expect(each).toBe(bad);
          writer.rollback();
          continue;
        }
        expect(each).toBe(good);
      }
    });
    const one = written((writer) => new PublishHead().write(writer, 1, good, frameMaxBytes));
    expect(ours).toEqual(joined([one, one, one, one]));
  });
});
