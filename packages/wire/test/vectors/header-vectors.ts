/** Content header payloads: octets, the body size they announce and the properties they hold. */

import { type BasicProperties, timestamp } from '../../src/index.ts';
import { fromHex } from '../hex.ts';

/** One content header payload. */
export interface HeaderVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly bodySize: number;
  /** Properties that are present, as they are read. */
  readonly properties: BasicProperties;
  /** What is written to the same octets, where it differs from `properties`; `null` where nothing is. */
  readonly input?: BasicProperties | null;
  /** The text of the error, if there is one. */
  readonly error?: RegExp;
}

const headers = (value: { [name: string]: unknown }): BasicProperties['headers'] =>
  Object.assign(Object.create(null), value);

const fixed = (bodySize: string): string => `
     003c             # class 60, basic
     0000             # weight
     ${bodySize} # body size`;

function vector(
  name: string,
  bodySizeHex: string,
  hex: string,
  properties: BasicProperties,
  rest: Pick<HeaderVector, 'input' | 'error'> = {},
): HeaderVector {
  const bodySize = Number(BigInt(`0x${bodySizeHex}`));
  return { name, bytes: fromHex(fixed(bodySizeHex) + hex), bodySize, properties, ...rest };
}

/** The headers. */
export const headerVectors: readonly HeaderVector[] = [
  vector('no properties', '0000000000000000', '\n0000 # flags: none', {}),
  vector('a body beyond 4 GiB', '0000000100000001', '\n0000 # flags: none', {}),
  vector('the largest body', '001fffffffffffff', '\n0000 # flags: none', {}),
  vector(
    'contentType',
    '0000000000000001',
    `
     8000             # flags: contentType
     0a 746578742f706c61696e # "text/plain"`,
    { contentType: 'text/plain' },
  ),
  vector(
    'contentEncoding',
    '0000000000000001',
    `
     4000             # flags: contentEncoding
     04 677a6970      # "gzip"`,
    { contentEncoding: 'gzip' },
  ),
  vector(
    'headers',
    '0000000000000001',
    `
     2000             # flags: headers
     00000007         # table of 7 bytes
     01 61            # name "a"
     49 00000001      # I 1`,
    { headers: headers({ a: 1 }) },
  ),
  vector(
    'empty headers',
    '0000000000000001',
    `
     2000             # flags: headers
     00000000         # table of 0 bytes`,
    { headers: headers({}) },
  ),
  vector(
    'deliveryMode',
    '0000000000000001',
    `
     1000             # flags: deliveryMode
     02               # 2`,
    { deliveryMode: 2 },
  ),
  vector(
    'priority 0 is present',
    '0000000000000001',
    `
     0800             # flags: priority
     00               # 0`,
    { priority: 0 },
  ),
  vector(
    'correlationId',
    '0000000000000001',
    `
     0400             # flags: correlationId
     01 63            # "c"`,
    { correlationId: 'c' },
  ),
  vector(
    'replyTo',
    '0000000000000001',
    `
     0200             # flags: replyTo
     01 72            # "r"`,
    { replyTo: 'r' },
  ),
  vector(
    'expiration',
    '0000000000000001',
    `
     0100             # flags: expiration
     05 3630303030    # "60000"`,
    { expiration: '60000' },
  ),
  vector(
    'messageId, empty is present',
    '0000000000000001',
    `
     0080             # flags: messageId
     00               # ""`,
    { messageId: '' },
  ),
  vector(
    'timestamp',
    '0000000000000001',
    `
     0040             # flags: timestamp
     0000000065920080 # 2024-01-01`,
    { timestamp: new Date('2024-01-01T00:00:00Z') },
    { input: { timestamp: 1704067200 } },
  ),
  vector(
    'timestamp beyond any Date',
    '0000000000000001',
    `
     0040             # flags: timestamp
     ffffffffffffffff # 2^64 - 1`,
    { timestamp: timestamp(18446744073709551615n) },
    { input: { timestamp: 18446744073709551615n } },
  ),
  vector(
    'type',
    '0000000000000001',
    `
     0020             # flags: type
     01 74            # "t"`,
    { type: 't' },
  ),
  vector(
    'userId',
    '0000000000000001',
    `
     0010             # flags: userId
     05 6775657374    # "guest"`,
    { userId: 'guest' },
  ),
  vector(
    'appId',
    '0000000000000001',
    `
     0008             # flags: appId
     01 61            # "a"`,
    { appId: 'a' },
  ),
  vector(
    'clusterId',
    '0000000000000001',
    `
     0004             # flags: clusterId
     01 63            # "c"`,
    { clusterId: 'c' },
  ),
  vector(
    'all fourteen',
    '0000000000000010',
    `
     fffc             # flags: all
     01 31            # contentType "1"
     01 32            # contentEncoding "2"
     00000003 01 68 56 # headers { h: V }
     01               # deliveryMode 1
     ff               # priority 255
     01 33            # correlationId "3"
     01 34            # replyTo "4"
     01 35            # expiration "5"
     01 36            # messageId "6"
     0000000000000007 # timestamp 7
     01 38            # type "8"
     01 39            # userId "9"
     02 3130          # appId "10"
     02 c3a9          # clusterId, e acute`,
    {
      contentType: '1',
      contentEncoding: '2',
      headers: headers({ h: null }),
      deliveryMode: 1,
      priority: 255,
      correlationId: '3',
      replyTo: '4',
      expiration: '5',
      messageId: '6',
      timestamp: new Date(7000),
      type: '8',
      userId: '9',
      appId: '10',
      clusterId: 'é',
    },
  ),
  vector(
    'the unused bit 1 is ignored',
    '0000000000000001',
    `
     1002             # flags: deliveryMode and bit 1
     02               # deliveryMode 2`,
    { deliveryMode: 2 },
    { input: null },
  ),
  vector(
    'the lowest bit is ignored: RabbitMQ knows no second word of flags',
    '0000000000000001',
    `
     8001             # flags: contentType and bit 0
     01 61            # contentType "a"`,
    { contentType: 'a' },
    { input: null },
  ),
  vector(
    'a second word of flags is read as properties',
    '0000000000000001',
    `
     8001             # flags: contentType and bit 0
     0000             # contentType "", and an octet too many
     01 61            # two more`,
    { contentType: '' },
    { input: null, error: /3 octets after/ },
  ),
  vector(
    'bytes after the properties',
    '0000000000000001',
    `
     9000             # flags: contentType, deliveryMode
     01 61            # contentType "a"
     02               # deliveryMode 2
     ffff             # whatever`,
    { contentType: 'a', deliveryMode: 2 },
    { input: null, error: /2 octets after/ },
  ),
  vector(
    'text that is no UTF-8',
    '0000000000000001',
    `
     0400             # flags: correlationId
     03 61ff62        # "a", 0xff, "b"`,
    { correlationId: 'a\udcffb' },
    {},
  ),
  vector(
    'a bad headers table between good properties',
    '0000000000000001',
    `
     b000             # flags: contentType, headers, deliveryMode
     01 61            # contentType "a"
     00000003         # table of 3 bytes
     01 61            # name "a"
     7a               # tag "z", which there is not
     02               # deliveryMode 2`,
    { contentType: 'a', deliveryMode: 2 },
    { input: null, error: /unknown type tag 0x7a/ },
  ),
  vector(
    'a headers table that lies about its length',
    '0000000000000001',
    `
     b000             # flags: contentType, headers, deliveryMode
     01 61            # contentType "a"
     7fffffff         # table of 2^31 - 1 bytes
     02               # deliveryMode 2, never found`,
    { contentType: 'a' },
    { input: null, error: /longer than the content header/ },
  ),
  vector(
    'flags without their properties',
    '0000000000000001',
    `
     fffc             # flags: all
     01 31            # contentType "1"`,
    { contentType: '1' },
    { input: null, error: /longer than the content header/ },
  ),
  vector('no flags', '0000000000000001', '', {}, { input: null, error: /less than the 2 octets/ }),
];
