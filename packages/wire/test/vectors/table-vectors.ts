/** Field tables: octets and what they mean. Every type tag, its edges, and shapes that only others write. */

import {
  array,
  boolean,
  bytes,
  decimal,
  type FieldTable,
  type FieldTableInput,
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  longString,
  table,
  timestamp,
  uint8,
  uint16,
  uint32,
} from '../../src/index.ts';
import { fromHex } from '../hex.ts';

/** One table. */
export interface TableVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The result of decoding. */
  readonly value: FieldTable;
  /** What encodes to the same octets; absent where nothing plain does. */
  readonly input?: FieldTableInput;
  /** False where the tagged decoding does not return the same octets again, by intent. */
  readonly isLossless?: boolean;
}

function vector(
  name: string,
  hex: string,
  value: { [name: string]: unknown },
  input?: FieldTableInput,
  isLossless = true,
): TableVector {
  const plain: FieldTable = Object.assign(Object.create(null), value);
  const base = { name, bytes: fromHex(hex), value: plain, isLossless };
  return input === undefined ? base : { ...base, input };
}

const nested = (value: { [name: string]: unknown }): FieldTable => Object.assign(Object.create(null), value);

/** The tables. */
export const tableVectors: readonly TableVector[] = [
  vector('empty table', `00000000         # length 0`, {}, {}),
  vector(
    't true',
    `00000004         # length 4
     01 61            # name "a"
     74 01            # t true`,
    { a: true },
    { a: true },
  ),
  vector(
    't false',
    `00000004         # length 4
     01 61            # name "a"
     74 00            # t false`,
    { a: false },
    { a: boolean(false) },
  ),
  vector(
    't with another octet than 0 and 1 is true',
    `00000004         # length 4
     01 61            # name "a"
     74 07            # t 7`,
    { a: true },
  ),
  vector(
    'b least',
    `00000004         # length 4
     01 61            # name "a"
     62 80            # b -128`,
    { a: -128 },
    { a: int8(-128) },
  ),
  vector(
    'b largest',
    `00000004         # length 4
     01 61            # name "a"
     62 7f            # b 127`,
    { a: 127 },
    { a: int8(127) },
  ),
  vector(
    'B largest',
    `00000004         # length 4
     01 61            # name "a"
     42 ff            # B 255`,
    { a: 255 },
    { a: uint8(255) },
  ),
  vector(
    's is int16, least',
    `00000005         # length 5
     01 61            # name "a"
     73 8000          # s -32768`,
    { a: -32768 },
    { a: int16(-32768) },
  ),
  vector(
    's is int16, largest',
    `00000005         # length 5
     01 61            # name "a"
     73 7fff          # s 32767`,
    { a: 32767 },
    { a: int16(32767) },
  ),
  vector(
    'U is read as s and never written',
    `00000005         # length 5
     01 61            # name "a"
     55 fffe          # U -2`,
    { a: -2 },
    undefined,
    false,
  ),
  vector(
    'u largest',
    `00000005         # length 5
     01 61            # name "a"
     75 ffff          # u 65535`,
    { a: 65535 },
    { a: uint16(65535) },
  ),
  vector(
    'I least',
    `00000007         # length 7
     01 61            # name "a"
     49 80000000      # I -2^31`,
    { a: -2147483648 },
    { a: -2147483648 },
  ),
  vector(
    'I largest',
    `00000007         # length 7
     01 61            # name "a"
     49 7fffffff      # I 2^31 - 1`,
    { a: 2147483647 },
    { a: int32(2147483647) },
  ),
  vector(
    'I zero',
    `00000007         # length 7
     01 61            # name "a"
     49 00000000      # I 0`,
    { a: 0 },
    { a: 0 },
  ),
  vector(
    'i largest',
    `00000007         # length 7
     01 61            # name "a"
     69 ffffffff      # i 2^32 - 1`,
    { a: 4294967295 },
    { a: uint32(4294967295) },
  ),
  vector(
    'l just beyond int32',
    `0000000b         # length 11
     01 61            # name "a"
     6c 0000000080000000 # l 2^31`,
    { a: 2147483648 },
    { a: 2147483648 },
  ),
  vector(
    'l largest safe integer is a number',
    `0000000b         # length 11
     01 61            # name "a"
     6c 001fffffffffffff # l 2^53 - 1`,
    { a: Number.MAX_SAFE_INTEGER },
    { a: Number.MAX_SAFE_INTEGER },
  ),
  vector(
    'l 2^53 is a bigint',
    `0000000b         # length 11
     01 61            # name "a"
     6c 0020000000000000 # l 2^53`,
    { a: 9007199254740992n },
    { a: 9007199254740992n },
  ),
  vector(
    'l least safe integer is a number',
    `0000000b         # length 11
     01 61            # name "a"
     6c ffe0000000000001 # l -2^53 + 1`,
    { a: Number.MIN_SAFE_INTEGER },
    { a: Number.MIN_SAFE_INTEGER },
  ),
  vector(
    'l least',
    `0000000b         # length 11
     01 61            # name "a"
     6c 8000000000000000 # l -2^63`,
    { a: -9223372036854775808n },
    { a: -9223372036854775808n },
  ),
  vector(
    'l largest',
    `0000000b         # length 11
     01 61            # name "a"
     6c 7fffffffffffffff # l 2^63 - 1`,
    { a: 9223372036854775807n },
    { a: int64(9223372036854775807n) },
  ),
  vector(
    'l of a small number, by wrapper',
    `0000000b         # length 11
     01 61            # name "a"
     6c ffffffffffffffff # l -1`,
    { a: -1 },
    { a: int64(-1) },
  ),
  vector(
    'L is read as l and never written',
    `0000000b         # length 11
     01 61            # name "a"
     4c fffffffffffffffe # L -2`,
    { a: -2 },
    undefined,
    false,
  ),
  vector(
    'f',
    `00000007         # length 7
     01 61            # name "a"
     66 3fc00000      # f 1.5`,
    { a: 1.5 },
    { a: float32(1.5) },
  ),
  vector(
    'f infinity is read and refused when written',
    `00000007         # length 7
     01 61            # name "a"
     66 7f800000      # f Infinity`,
    { a: Number.POSITIVE_INFINITY },
    undefined,
    false,
  ),
  vector(
    'd',
    `0000000b         # length 11
     01 61            # name "a"
     64 3ff8000000000000 # d 1.5`,
    { a: 1.5 },
    { a: 1.5 },
  ),
  vector(
    'd of an integer, by wrapper',
    `0000000b         # length 11
     01 61            # name "a"
     64 3ff0000000000000 # d 1`,
    { a: 1 },
    { a: float64(1) },
  ),
  vector(
    'd of an integer beyond the safe range',
    `0000000b         # length 11
     01 61            # name "a"
     64 4340000000000000 # d 2^53`,
    { a: 9007199254740992 },
    { a: 9007199254740992 },
  ),
  vector(
    'd minus zero',
    `0000000b         # length 11
     01 61            # name "a"
     64 8000000000000000 # d -0`,
    { a: -0 },
    { a: -0 },
  ),
  vector(
    'd NaN is read and refused when written',
    `0000000b         # length 11
     01 61            # name "a"
     64 7ff8000000000000 # d NaN`,
    { a: Number.NaN },
    undefined,
    false,
  ),
  vector(
    'D is signed',
    `00000008         # length 8
     01 61            # name "a"
     44 02 ffffff97   # D scale 2, unscaled -105: -1.05`,
    { a: decimal(-105, 2) },
    { a: decimal(-105, 2) },
  ),
  vector(
    'D with the largest scale',
    `00000008         # length 8
     01 61            # name "a"
     44 ff 7fffffff   # D scale 255, unscaled 2^31 - 1`,
    { a: decimal(2147483647, 255) },
    { a: decimal(2147483647, 255) },
  ),
  vector(
    'S empty',
    `00000007         # length 7
     01 61            # name "a"
     53 00000000      # S ""`,
    { a: '' },
    { a: '' },
  ),
  vector(
    'S beyond ASCII',
    `00000011         # length 17
     01 61            # name "a"
     53 0000000a      # S of 10 bytes
     61 c3a9 e282ac f09f9088 # "a", e acute, euro, snail`,
    { a: 'aé€🐈' },
    { a: 'aé€🐈' },
  ),
  vector(
    'S with a byte order mark keeps it',
    `0000000b         # length 11
     01 61            # name "a"
     53 00000004      # S of 4 bytes
     efbbbf 61        # byte order mark, "a"`,
    { a: '\ufeffa' },
    { a: '\ufeffa' },
  ),
  vector(
    'S that is no UTF-8 is bytes',
    `00000009         # length 9
     01 61            # name "a"
     53 00000002      # S of 2 bytes
     c328             # no UTF-8`,
    { a: Uint8Array.of(0xc3, 0x28) },
    { a: longString(Uint8Array.of(0xc3, 0x28)) },
  ),
  vector(
    'S with a surrogate in UTF-8 is bytes',
    `0000000a         # length 10
     01 61            # name "a"
     53 00000003      # S of 3 bytes
     eda080           # U+D800, which UTF-8 forbids`,
    { a: Uint8Array.of(0xed, 0xa0, 0x80) },
    { a: longString(Uint8Array.of(0xed, 0xa0, 0x80)) },
  ),
  vector(
    'A empty',
    `00000007         # length 7
     01 61            # name "a"
     41 00000000      # A of 0 bytes`,
    { a: [] },
    { a: [] },
  ),
  vector(
    'A of several kinds, its length in bytes',
    `00000016         # length 22
     01 61            # name "a"
     41 0000000f      # A of 15 bytes
     49 00000001      # I 1
     53 00000001 78   # S "x"
     56               # V
     74 01            # t true
     56               # V`,
    { a: [1, 'x', null, true, null] },
    { a: [1, 'x', null, true, null] },
  ),
  vector(
    'A in an A',
    `0000000e         # length 14
     01 61            # name "a"
     41 00000007      # A of 7 bytes
     41 00000002      # A of 2 bytes
     56 56            # V, V`,
    { a: [[null, null]] },
    { a: array([[null, null]]) },
  ),
  vector(
    'T zero',
    `0000000b         # length 11
     01 61            # name "a"
     54 0000000000000000 # T 1970-01-01`,
    { a: new Date(0) },
    { a: new Date(999) },
  ),
  vector(
    'T in seconds',
    `0000000b         # length 11
     01 61            # name "a"
     54 0000000065920080 # T 2024-01-01`,
    { a: new Date('2024-01-01T00:00:00Z') },
    { a: new Date('2024-01-01T00:00:00.999Z') },
  ),
  vector(
    'T the last second a Date holds',
    `0000000b         # length 11
     01 61            # name "a"
     54 000007dba8218000 # T 8640000000000`,
    { a: new Date(8.64e15) },
    { a: new Date(8.64e15) },
  ),
  vector(
    'T one second later',
    `0000000b         # length 11
     01 61            # name "a"
     54 000007dba8218001 # T 8640000000001`,
    { a: timestamp(8640000000001) },
    { a: timestamp(8640000000001) },
  ),
  vector(
    'T largest',
    `0000000b         # length 11
     01 61            # name "a"
     54 ffffffffffffffff # T 2^64 - 1`,
    { a: timestamp(18446744073709551615n) },
    { a: timestamp(18446744073709551615n) },
  ),
  vector(
    'F empty',
    `00000007         # length 7
     01 61            # name "a"
     46 00000000      # F of 0 bytes`,
    { a: nested({}) },
    { a: {} },
  ),
  vector(
    'F in an F, in an A',
    `00000017         # length 23
     01 61            # name "a"
     41 00000010      # A of 16 bytes
     46 0000000b      # F of 11 bytes
     01 62            # name "b"
     46 00000004      # F of 4 bytes
     01 63            # name "c"
     42 05            # B 5`,
    { a: [nested({ b: nested({ c: 5 }) })] },
    { a: [{ b: table({ c: uint8(5) }) }] },
  ),
  vector(
    'V',
    `00000003         # length 3
     01 61            # name "a"
     56               # V`,
    { a: null },
    { a: null },
  ),
  vector(
    'x',
    `0000000a         # length 10
     01 61            # name "a"
     78 00000003      # x of 3 bytes
     00ff80           # bytes`,
    { a: Uint8Array.of(0, 0xff, 0x80) },
    { a: Uint8Array.of(0, 0xff, 0x80) },
  ),
  vector(
    'x that is text stays bytes',
    `00000008         # length 8
     01 61            # name "a"
     78 00000001      # x of 1 byte
     61               # "a"`,
    { a: Uint8Array.of(0x61) },
    { a: bytes(Uint8Array.of(0x61)) },
  ),
  vector(
    'names that an object would trip over',
    `0000001f         # length 31
     09 5f5f70726f746f5f5f # name "__proto__"
     74 01            # t true
     0b 636f6e7374727563746f72 # name "constructor"
     74 00            # t false
     00               # name ""
     56               # V
     01 31            # name "1"
     56               # V`,
    JSON.parse('{"__proto__":true,"constructor":false,"":null,"1":null}'),
    new Map<string, boolean | null>([
      ['__proto__', true],
      ['constructor', false],
      ['', null],
      ['1', null],
    ]),
  ),
  vector(
    'a name that repeats: the last value stands',
    `00000008         # length 8
     01 61            # name "a"
     42 01            # B 1
     01 61            # name "a"
     42 02            # B 2`,
    { a: 2 },
    table([
      { name: 'a', value: uint8(1) },
      { name: 'a', value: uint8(2) },
    ]),
  ),
  vector(
    'a name that is no UTF-8',
    `00000003         # length 3
     01 ff            # name 0xff
     56               # V`,
    { '\udcff': null },
  ),
  vector(
    'x-death as RabbitMQ writes it',
    `0000007b         # length 123
     07 782d6465617468 # name "x-death"
     41 0000006e      # A of 110 bytes
     46 00000069      # F of 105 bytes
     05 636f756e74    # name "count"
     6c 0000000000000001 # l 1
     08 65786368616e6765 # name "exchange"
     53 00000000      # S ""
     05 7175657565    # name "queue"
     53 00000004 776f726b # S "work"
     06 726561736f6e  # name "reason"
     53 00000008 72656a6563746564 # S "rejected"
     0c 726f7574696e672d6b657973 # name "routing-keys"
     41 00000009      # A of 9 bytes
     53 00000004 776f726b # S "work"
     04 74696d65      # name "time"
     54 0000000065920080 # T 2024-01-01`,
    {
      'x-death': [
        nested({
          count: 1,
          exchange: '',
          queue: 'work',
          reason: 'rejected',
          'routing-keys': ['work'],
          time: new Date('2024-01-01T00:00:00Z'),
        }),
      ],
    },
  ),
];
