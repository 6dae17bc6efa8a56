/** Compares tables and properties, octet for octet, with amqplib if both can express the same. */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { decodeTable, encodeTable } from '../src/field-table.ts';
import {
  decimal,
  type FieldValueInput,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  timestamp,
  uint8,
  uint16,
  uint32,
} from '../src/field-values.ts';
import { type BasicProperties, writeContentHeader } from '../src/properties.ts';
import { concat, toHex } from './hex.ts';

/** What is used of amqplib's inner modules, which its package keeps to itself. */
interface Amqplib {
  encodeTable(buffer: Buffer, table: object, offset: number): number;
  decodeFields(bytes: Buffer): object;
  encodeProperties(classId: number, channel: number, size: number, fields: object): Buffer;
}

function isAmqplib(value: object): value is Amqplib {
  return 'encodeTable' in value && 'decodeFields' in value && 'encodeProperties' in value;
}

function loadAmqplib(): Amqplib {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('amqplib')), 'lib');
  const modules: object = { ...require(join(folder, 'codec.js')), ...require(join(folder, 'defs.js')) };
  if (!isAmqplib(modules)) throw new Error('amqplib has no lib/codec.js and lib/defs.js of the known shape');
  return modules;
}

const amqplib = loadAmqplib();

/** One value as it is given to each of the two. */
interface Pair {
  readonly ours: FieldValueInput;
  readonly theirs: unknown;
}

const same = (value: string | number | boolean | null): Pair => ({ ours: value, theirs: value });
const typed = (ours: FieldValueInput, type: string, value: unknown): Pair => ({ ours, theirs: { '!': type, value } });

// `__proto__` is a name like any other here, but not there; one of them is a test of its own.
const name = fc.string({ unit: 'binary', maxLength: 30 }).filter((text) => text !== '__proto__' && text !== '!');
const safeInteger = fc.maxSafeInteger();
const isDouble = (value: number): boolean => Math.abs(value) < 2 ** 50 && !Number.isInteger(value);

const { pair } = fc.letrec<{ pair: Pair }>((tie) => ({
  pair: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string({ unit: 'binary', maxLength: 100 }).map(same),
    fc.boolean().map(same),
    fc.constant(same(null)),
    fc
      .integer()
      .filter((value) => value < -32_768 || value > 32_767)
      .map(same),
    safeInteger.filter((value) => Math.abs(value) > 2 ** 32).map(same),
    fc.double({ noNaN: true }).filter(isDouble).map(same),
    fc.uint8Array({ maxLength: 120 }).map((bytes) => ({ ours: bytes, theirs: Buffer.from(bytes) })),
    fc.integer({ min: -128, max: 127 }).map((value) => typed(int8(value), 'int8', value)),
    fc.integer({ min: 0, max: 255 }).map((value) => typed(uint8(value), 'uint8', value)),
    fc.integer({ min: -32_768, max: 32_767 }).map((value) => typed(int16(value), 'int16', value)),
    fc.integer({ min: 0, max: 65_535 }).map((value) => typed(uint16(value), 'uint16', value)),
    fc.integer().map((value) => typed(int32(value), 'int32', value)),
    fc.integer({ min: 0, max: 4_294_967_295 }).map((value) => typed(uint32(value), 'uint32', value)),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map((value) => typed(int64(value), 'int64', value)),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => typed(float32(value), 'float', value)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => typed(float64(value), 'double', value)),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((value) => typed(timestamp(value), 'timestamp', value)),
    fc
      .tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([digits, places]) => typed(decimal(digits, places), 'decimal', { places, digits })),
    fc.array(tie('pair'), { maxLength: 5 }).map((list) => ({
      ours: list.map((element) => element.ours),
      theirs: list.map((element) => element.theirs),
    })),
    fc.dictionary(name, tie('pair'), { maxKeys: 5 }).map(split),
  ),
}));

/** Two tables with the same fields in the same order. */
function split(table: { readonly [name: string]: Pair }): {
  readonly ours: { readonly [name: string]: FieldValueInput };
  readonly theirs: { readonly [name: string]: unknown };
} {
  const ours: { [name: string]: FieldValueInput } = {};
  const theirs: { [name: string]: unknown } = {};
  for (const [key, value] of Object.entries(table)) {
    ours[key] = value.ours;
    theirs[key] = value.theirs;
  }
  return { ours, theirs };
}

const tables = fc.dictionary(name, pair, { maxKeys: 8 }).map(split);

/** What amqplib makes of a table. */
function encodedByAmqplib(table: object): Uint8Array {
  const buffer = Buffer.alloc(65_536);
  return buffer.subarray(0, amqplib.encodeTable(buffer, table, 0));
}

describe('tables, beside amqplib', () => {
  it('are encoded to the same octets', () => {
    fc.assert(
      fc.property(tables, ({ ours, theirs }) => {
        expect(toHex(encodeTable(ours))).toBe(toHex(encodedByAmqplib(theirs)));
      }),
      { numRuns: 1000 },
    );
  });

  it('are read by it from our octets as from its own', () => {
    fc.assert(
      fc.property(tables, ({ ours, theirs }) => {
        const decoded = amqplib.decodeFields(Buffer.from(encodeTable(ours)).subarray(4));
        expect(decoded).toEqual(amqplib.decodeFields(Buffer.from(encodedByAmqplib(theirs)).subarray(4)));
      }),
    );
  });

  it('come from its octets as from our own', () => {
    fc.assert(
      fc.property(tables, ({ ours, theirs }) => {
        expect(decodeTable(encodedByAmqplib(theirs))).toEqual(decodeTable(encodeTable(ours)));
      }),
    );
  });
});

describe('properties, beside amqplib', () => {
  const shortString = fc.string({ unit: 'binary', maxLength: 60 });
  const octet = fc.integer({ min: 0, max: 255 });
  const properties = fc.record(
    {
      contentType: shortString,
      contentEncoding: shortString,
      deliveryMode: octet,
      priority: octet,
      correlationId: shortString,
      replyTo: shortString,
      expiration: shortString,
      messageId: shortString,
      timestamp: fc.integer({ min: 0, max: 253_402_300_799 }),
      type: shortString,
      userId: shortString,
      appId: shortString,
      clusterId: shortString,
    },
    { requiredKeys: [] },
  );

  it('are encoded to the same header frame', () => {
    const size = fc.maxSafeInteger().map(Math.abs);
    const channel = fc.integer({ min: 1, max: 65_535 });
    const headers = fc.option(tables, { nil: undefined });
    fc.assert(
      fc.property(channel, size, properties, headers, (number, bodySize, simple, table) => {
        const ours: BasicProperties = table === undefined ? simple : { ...simple, headers: table.ours };
        const theirs = table === undefined ? simple : { ...simple, headers: table.theirs };
        const writer = new ByteWriter(1024);
        writer.begin();
        writeContentHeader(writer, number, bodySize, ours, 0);
        expect(toHex(concat(...writer.take()))).toBe(toHex(amqplib.encodeProperties(60, number, bodySize, theirs)));
      }),
      { numRuns: 500 },
    );
  });
});
