/** Field tables that end in a typed error. */

import { fromHex } from '../hex.ts';

/** One of them. */
export interface BadTableVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly error: 'AmqpSyntaxError' | 'LimitExceeded';
  readonly message: RegExp;
}

const early = { error: 'AmqpSyntaxError', message: /ends too early|where \d+ are left/ } as const;

/** Tables in tables, or arrays in arrays, `levels` of them. */
export function nestedBytes(levels: number, tag: 'F' | 'A'): Uint8Array {
  let inner = '';
  for (let level = 1; level < levels; level++) {
    const size = (inner.length / 2).toString(16).padStart(8, '0');
    inner = tag === 'A' && level < levels - 1 ? `41${size}${inner}` : `0161${tag === 'A' ? '41' : '46'}${size}${inner}`;
  }
  return fromHex(`${(inner.length / 2).toString(16).padStart(8, '0')}${inner}`);
}

/** A table with one array of so many empty values. */
export function manyVoids(count: number): Uint8Array {
  const bytes = new Uint8Array(4 + 2 + 1 + 4 + count).fill(0x56);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4);
  bytes.set([1, 0x61, 0x41], 4);
  view.setUint32(7, count);
  return bytes;
}

/** The tables. */
export const badTableVectors: readonly BadTableVector[] = [
  { name: 'no length', bytes: fromHex('0000 # half a length'), ...early },
  { name: 'a length that lies', bytes: fromHex('00000001 # length 1, and nothing'), ...early },
  { name: 'the largest length', bytes: fromHex('ffffffff 0161 56 # length 2^32 - 1'), ...early },
  { name: 'a name that lies', bytes: fromHex('00000003 ff 61 56 # name of 255 bytes'), ...early },
  { name: 'a name and no value', bytes: fromHex('00000002 01 61 # name "a"'), ...early },
  { name: 't without its octet', bytes: fromHex('00000003 01 61 74 # t'), ...early },
  { name: 's cut short', bytes: fromHex('00000004 01 61 73 00 # s of one octet'), ...early },
  { name: 'I cut short', bytes: fromHex('00000006 01 61 49 000000 # I of three octets'), ...early },
  { name: 'l cut short', bytes: fromHex('0000000a 01 61 6c 00000000000000 # l of seven octets'), ...early },
  { name: 'f cut short', bytes: fromHex('00000006 01 61 66 000000 # f of three octets'), ...early },
  { name: 'd cut short', bytes: fromHex('0000000a 01 61 64 00000000000000 # d of seven octets'), ...early },
  { name: 'D cut short', bytes: fromHex('00000007 01 61 44 00 000000 # D of four octets'), ...early },
  { name: 'T cut short', bytes: fromHex('0000000a 01 61 54 00000000000000 # T of seven octets'), ...early },
  { name: 'S that lies', bytes: fromHex('00000008 01 61 53 00000002 61 # S of 2 bytes, one is there'), ...early },
  { name: 'S with the largest length', bytes: fromHex('00000007 01 61 53 ffffffff # S of 2^32 - 1'), ...early },
  { name: 'x that lies', bytes: fromHex('00000007 01 61 78 7fffffff # x of 2^31 - 1'), ...early },
  { name: 'A that lies', bytes: fromHex('00000008 01 61 41 00000002 56 # A of 2 bytes, one is there'), ...early },
  { name: 'F that lies', bytes: fromHex('00000008 01 61 46 00000002 00 # F of 2 bytes, one is there'), ...early },
  {
    name: 'a value that reaches over the end of its array',
    bytes: fromHex(`
      0000000c       # length 12
      01 61          # name "a"
      41 00000001    # A of 1 byte
      49             # I, whose four octets are after the array
      00000000`),
    ...early,
  },
  {
    name: 'a tag nobody knows',
    bytes: fromHex(`
      00000003       # length 3
      01 61          # name "a"
      7a             # tag "z"`),
    error: 'AmqpSyntaxError',
    message: /unknown type tag 0x7a/,
  },
  {
    name: 'octets after the table',
    bytes: fromHex(`
      00000000       # length 0
      00             # one more`),
    error: 'AmqpSyntaxError',
    message: /1 octets after the table/,
  },
  { name: 'tables 65 deep', bytes: nestedBytes(65, 'F'), error: 'LimitExceeded', message: /maxTableDepth/ },
  { name: 'arrays 65 deep', bytes: nestedBytes(65, 'A'), error: 'LimitExceeded', message: /maxTableDepth/ },
  {
    name: '65 536 elements and their array',
    bytes: manyVoids(65_536),
    error: 'LimitExceeded',
    message: /maxTableFields/,
  },
];
