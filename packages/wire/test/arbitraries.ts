/** Random tables and properties for property tests. */

import fc from 'fast-check';
import {
  type BasicProperties,
  Decimal,
  type FieldTable,
  type FieldValue,
  Tagged,
  type TaggedField,
  Timestamp,
} from '../src/index.ts';

const name = fc.string({ unit: 'binary', maxLength: 20 });
const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const seconds = uint64.map((value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value));
const isSafe = (value: bigint): boolean =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);
const notUtf8 = fc.uint8Array({ maxLength: 10 }).map((bytes) => Uint8Array.of(0xff, ...bytes));
const decimal = fc
  .tuple(fc.integer(), fc.integer({ min: 0, max: 255 }))
  .map(([value, scale]) => new Decimal(value, scale));

/** Values that come out of a decoder as they went in. */
const { value } = fc.letrec<{ value: FieldValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    int64.filter((number) => !isSafe(number)),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 120 }),
    fc.integer({ min: 0, max: 8_640_000_000_000 }).map((time) => new Date(time * 1000)),
    uint64.filter((time) => time > 8_640_000_000_000n).map((time) => new Timestamp(isSafe(time) ? Number(time) : time)),
    decimal,
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5, noNullPrototype: false }),
  ),
}));

/** Gives every nested table the null prototype that decoded ones have. */
export function withoutPrototypes(input: FieldValue): FieldValue {
  if (Array.isArray(input)) return input.map((element: FieldValue) => withoutPrototypes(element));
  if (!isTable(input)) return input;
  const table: { [name: string]: FieldValue } = Object.create(null);
  for (const [key, element] of Object.entries(input)) table[key] = withoutPrototypes(element);
  return table;
}

function isTable(input: FieldValue): input is FieldTable {
  if (typeof input !== 'object' || input === null) return false;
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null;
}

/** Tables of plain values. */
export const plainTables: fc.Arbitrary<FieldTable> = fc.dictionary(name, value, { maxKeys: 8, noNullPrototype: false });

const text = fc.oneof(fc.string({ unit: 'binary' }), notUtf8);
const taggedName = fc.oneof(name, notUtf8);

/** Tagged values as the tagged decoding returns them, of every tag. */
const { tagged } = fc.letrec<{ tagged: Tagged }>((tie) => ({
  tagged: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(fc.boolean(), fc.integer({ min: 2, max: 255 })).map((octet) => new Tagged('t', octet)),
    fc.integer({ min: -128, max: 127 }).map((number) => new Tagged('b', number)),
    fc.integer({ min: 0, max: 255 }).map((number) => new Tagged('B', number)),
    fc.integer({ min: -32_768, max: 32_767 }).map((number) => new Tagged('s', number)),
    fc.integer({ min: 0, max: 65_535 }).map((number) => new Tagged('u', number)),
    fc.integer().map((number) => new Tagged('I', number)),
    fc.integer({ min: 0, max: 4_294_967_295 }).map((number) => new Tagged('i', number)),
    int64.map((number) => new Tagged('l', isSafe(number) ? Number(number) : number)),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map((number) => new Tagged('f', number)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => new Tagged('d', number)),
    decimal,
    text.map((bytes) => new Tagged('S', bytes)),
    seconds.map((time) => new Timestamp(time)),
    fc.constant(new Tagged('V', null)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new Tagged('x', bytes)),
    fc.array(tie('tagged'), { maxLength: 5 }).map((elements) => new Tagged('A', elements)),
    fc
      .array(fc.record({ name: taggedName, value: tie('tagged') }), { maxLength: 5 })
      .map((fields) => new Tagged('F', fields)),
  ),
}));

/** Tables in the tagged form; names repeat and need not be UTF-8. */
export const taggedTables: fc.Arbitrary<Tagged> = fc
  .array(fc.record({ name: taggedName, value: tagged }) satisfies fc.Arbitrary<TaggedField>, { maxLength: 6 })
  .map((fields) => new Tagged('F', fields));

const octet = fc.integer({ min: 0, max: 255 });
const shortString = fc.string({ unit: 'binary', maxLength: 60 });

/** Properties, each present or not, as a reader returns them. */
export const properties: fc.Arbitrary<BasicProperties> = fc.record(
  {
    contentType: shortString,
    contentEncoding: shortString,
    headers: plainTables,
    deliveryMode: octet,
    priority: octet,
    correlationId: shortString,
    replyTo: shortString,
    expiration: shortString,
    messageId: shortString,
    timestamp: fc.integer({ min: 0, max: 8_640_000_000_000 }).map((time) => new Date(time * 1000)),
    type: shortString,
    userId: shortString,
    appId: shortString,
    clusterId: shortString,
  },
  { requiredKeys: [] },
);
