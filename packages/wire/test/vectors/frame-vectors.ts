/** Streams of frames, and streams that are none. */

import { fromHex } from '../hex.ts';
import type { FrameEvent } from '../recording-sink.ts';

/** One stretch of a stream. */
export interface FrameVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly events: readonly FrameEvent[];
}

/** A stretch that ends in an error, once its last octet is there. */
export interface BadFrameVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly error: 'FrameError' | 'UnexpectedFrame';
  readonly message: RegExp;
  /** What comes out before the error. */
  readonly events?: readonly FrameEvent[];
}

/** The good ones. */
export const frameVectors: readonly FrameVector[] = [
  {
    name: 'heartbeat',
    bytes: fromHex(`
      08             # type: heartbeat
      0000           # channel 0
      00000000       # size 0
      ce             # end`),
    events: [{ type: 'heartbeat', channel: 0, payload: '' }],
  },
  {
    name: 'method',
    bytes: fromHex(`
      01             # type: method
      0001           # channel 1
      00000004       # size 4
      0014 000b      # channel.open-ok, its reserved field left out
      ce             # end`),
    events: [{ type: 'method', channel: 1, payload: '0014000b' }],
  },
  {
    name: 'method on the largest channel',
    bytes: fromHex(`
      01             # type: method
      ffff           # channel 65535
      00000008       # size 8
      0014 000b      # channel.open-ok
      00000000       # reserved, a long string
      ce             # end`),
    events: [{ type: 'method', channel: 65535, payload: '0014000b00000000' }],
  },
  {
    name: 'empty method frame, which the decoder does not judge',
    bytes: fromHex(`
      01             # type: method
      0000           # channel 0
      00000000       # size 0
      ce             # end`),
    events: [{ type: 'method', channel: 0, payload: '' }],
  },
  {
    name: 'header',
    bytes: fromHex(`
      02             # type: header
      0002           # channel 2
      0000000e       # size 14
      003c 0000      # class 60, weight 0
      0000000000000003 # body size 3
      0000           # flags: none
      ce             # end`),
    events: [{ type: 'header', channel: 2, payload: '003c000000000000000000030000' }],
  },
  {
    name: 'body with the end octet in its payload',
    bytes: fromHex(`
      03             # type: body
      0002           # channel 2
      00000003       # size 3
      cecece         # payload
      ce             # end`),
    events: [{ type: 'body', channel: 2, payload: 'cecece' }],
  },
  {
    name: 'empty body frame',
    bytes: fromHex(`
      03             # type: body
      0002           # channel 2
      00000000       # size 0
      ce             # end`),
    events: [{ type: 'body', channel: 2, payload: '' }],
  },
  {
    name: 'a delivery: method, header, body',
    bytes: fromHex(`
      01             # type: method
      0001           # channel 1
      00000014       # size 20
      003c 003c      # basic.deliver
      01 63          # consumerTag "c"
      0000000000000001 # deliveryTag 1
      00             # redelivered false
      01 65          # exchange "e"
      02 726b        # routingKey "rk"
      ce             # end
      02             # type: header
      0001           # channel 1
      0000000f       # size 15
      003c 0000      # class 60, weight 0
      0000000000000002 # body size 2
      1000 02        # deliveryMode 2
      ce             # end
      03             # type: body
      0001           # channel 1
      00000002       # size 2
      6869           # "hi"
      ce             # end`),
    events: [
      { type: 'method', channel: 1, payload: '003c003c0163000000000000000100016502726b' },
      { type: 'header', channel: 1, payload: '003c00000000000000000002100002' },
      { type: 'body', channel: 1, payload: '6869' },
    ],
  },
  {
    name: 'body frames of two channels and a heartbeat between them',
    bytes: fromHex(`
      03 0001 00000002 6161 ce # body of channel 1
      08 0000 00000000 ce      # heartbeat
      03 0002 00000001 62 ce   # body of channel 2
      03 0001 00000001 63 ce   # body of channel 1`),
    events: [
      { type: 'body', channel: 1, payload: '6161' },
      { type: 'heartbeat', channel: 0, payload: '' },
      { type: 'body', channel: 2, payload: '62' },
      { type: 'body', channel: 1, payload: '63' },
    ],
  },
  {
    name: 'a body in frames of one byte, an empty one among them',
    bytes: fromHex(`
      03 0001 00000001 61 ce # "a"
      03 0001 00000000 ce    # nothing
      03 0001 00000001 62 ce # "b"`),
    events: [{ type: 'body', channel: 1, payload: '6162' }],
  },
];

/** The bad ones. */
export const badFrameVectors: readonly BadFrameVector[] = [
  {
    name: 'unknown type 0',
    bytes: fromHex(`
      00             # type 0
      0000 00000000  # channel, size`),
    error: 'FrameError',
    message: /unknown type 0/,
  },
  {
    name: 'type 4, the heartbeat of the running text',
    bytes: fromHex(`
      04             # type 4
      0000 00000000  # channel, size`),
    error: 'FrameError',
    message: /unknown type 4/,
  },
  {
    name: 'a protocol header',
    bytes: fromHex(`
      414d51 50030100 # "AMQP" 3 1 0, and a 0 to come`),
    error: 'FrameError',
    message: /unknown type 65/,
  },
  {
    name: 'heartbeat on channel 1',
    bytes: fromHex(`
      08             # type: heartbeat
      0001           # channel 1
      00000000       # size 0`),
    error: 'UnexpectedFrame',
    message: /heartbeat frame on channel 1/,
  },
  {
    name: 'heartbeat with a payload',
    bytes: fromHex(`
      08             # type: heartbeat
      0000           # channel 0
      00000001       # size 1`),
    error: 'FrameError',
    message: /payload of 1 bytes/,
  },
  {
    name: 'method with another end octet',
    bytes: fromHex(`
      01 0001        # method on channel 1
      00000001 00    # size 1, payload
      cd             # end, wrong`),
    error: 'FrameError',
    message: /channel 1 ends with octet 0xcd/,
  },
  {
    name: 'body with another end octet: its last piece is not handed out',
    bytes: fromHex(`
      03 0001        # body on channel 1
      00000001 61    # size 1, payload
      00             # end, wrong`),
    error: 'FrameError',
    message: /channel 1 ends with octet 0x00/,
  },
  {
    name: 'empty body with another end octet',
    bytes: fromHex(`
      03 0001        # body on channel 1
      00000000       # size 0
      00             # end, wrong`),
    error: 'FrameError',
    message: /channel 1 ends with octet 0x00/,
  },
  {
    name: 'heartbeat with another end octet',
    bytes: fromHex(`
      08 0000        # heartbeat on channel 0
      00000000       # size 0
      ff             # end, wrong`),
    error: 'FrameError',
    message: /channel 0 ends with octet 0xff/,
  },
  {
    name: 'header frame of 4 GiB',
    bytes: fromHex(`
      02 0001        # header on channel 1
      ffffffff       # size 2^32 - 1`),
    error: 'FrameError',
    message: /header frame of 4294967303 bytes; the limit is 16777216/,
  },
  {
    name: 'a good frame before a bad one',
    bytes: fromHex(`
      08 0000 00000000 ce # heartbeat
      09 0000 00000000    # type 9`),
    error: 'FrameError',
    message: /unknown type 9/,
    events: [{ type: 'heartbeat', channel: 0, payload: '' }],
  },
];
