/**
 * Compares every method with amqplib, a codec that is generated from RabbitMQ's own description of the protocol.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { decodeMethod, encodeMethod, type Method } from '../src/methods.ts';
import { domains } from '../src/protocol/table.ts';
import { concat, toHex } from './hex.ts';
import { methodsOf, type TableMethod, tableMethods } from './method-arbitraries.ts';

/** What is used of amqplib's generated module, which its package keeps to itself. */
interface Definitions {
  encodeMethod(id: number, channel: number, fields: Readonly<Record<string, unknown>>): Uint8Array;
  decode(id: number, payload: Uint8Array): Readonly<Record<string, unknown>>;
  info(id: number): {
    readonly name: string;
    readonly args: readonly { readonly type: string; readonly name: string }[];
  };
}

function isDefinitions(value: unknown): value is Definitions {
  return typeof value === 'object' && value !== null && 'encodeMethod' in value && 'decode' in value && 'info' in value;
}

function loadDefinitions(): Definitions {
  const require = createRequire(import.meta.url);
  const definitions: unknown = require(join(dirname(require.resolve('amqplib')), 'lib', 'defs.js'));
  if (!isDefinitions(definitions)) throw new Error('amqplib has no lib/defs.js of the known shape');
  return definitions;
}

const amqplib = loadDefinitions();
const each = tableMethods.map((method) => [method.type, method] as const);

/** What amqplib calls a field that has another name here. */
const otherNames: Readonly<Record<string, string>> = { noWait: 'nowait', exchangeType: 'type' };

function fieldsFor(method: Method): Record<string, unknown> {
  const entries = Object.entries(method).filter(([name]) => name !== 'type');
  return Object.fromEntries(
    entries.map(([name, value]) => [
      otherNames[name] ?? name,
      value instanceof Uint8Array ? Buffer.from(value) : value,
    ]),
  );
}

/** amqplib has no bigint, guesses small integer tags in tables, and writes long strings from bytes only. */
function common(method: Method): Method {
  const copy = { ...method };
  for (const [name, value] of Object.entries(copy)) {
    const isTable = typeof value === 'object' && !(value instanceof Uint8Array);
    if (typeof value === 'bigint') Object.assign(copy, { [name]: 4_294_967_297 });
    if (isTable)
      Object.assign(copy, { [name]: { text: '€', yes: true, no: false, nothing: null, in: { side: ['a', 'b'] } } });
  }
  return copy;
}

const bytesForText: Readonly<Record<string, readonly string[]>> = { 'connection.start': ['mechanisms', 'locales'] };

describe.each(each)('%s', (type, tableMethod) => {
  it('has the fields that amqplib knows, of the same types and in the same order', () => {
    expect(layoutOf(tableMethod)).toEqual(amqplib.info(tableMethod.id).args.map((argument) => argument.type));
  });

  it('is encoded to the same octets as by amqplib', () => {
    fc.assert(
      fc.property(methodsOf(tableMethod).map(common), fc.integer({ min: 0, max: 65_535 }), (method, channel) => {
        const fields = fieldsFor(method);
        for (const name of bytesForText[type] ?? []) fields[name] = Buffer.from(String(fields[name]));
        const writer = new ByteWriter();
        encodeMethod(writer, channel, method);

        expect(toHex(concat(...writer.take()))).toBe(toHex(amqplib.encodeMethod(tableMethod.id, channel, fields)));
      }),
      { numRuns: 30 },
    );
  });

  it('is decoded to the same fields as by amqplib', () => {
    fc.assert(
      fc.property(methodsOf(tableMethod).map(common), (method) => {
        const writer = new ByteWriter();
        encodeMethod(writer, 1, method);
        const frame = Buffer.from(concat(...writer.take()));
        const theirs = amqplib.decode(tableMethod.id, frame.subarray(11, -1));

        for (const [name, value] of Object.entries(fieldsFor(decodeMethod(frame, 7, frame.length - 1)))) {
          const their = theirs[name];
          expect(typeof value === 'string' && their instanceof Uint8Array ? their.toString() : their).toEqual(value);
        }
      }),
      { numRuns: 30 },
    );
  });
});

function layoutOf(method: TableMethod): string[] {
  const names = {
    bit: 'bit',
    uint8: 'octet',
    uint16: 'short',
    uint32: 'long',
    uint64: 'longlong',
    shortString: 'shortstr',
    longString: 'longstr',
    table: 'table',
  } as const;
  return method.definition.fields.map((field) => {
    const wireType = 'reserved' in field ? field.reserved : domains[field.domain]?.wireType;
    return wireType === undefined ? 'unknown' : names[wireType];
  });
}
