/** Vectors of the class channel: whole method frames and what they mean. */
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const channelVectors: readonly MethodVector[] = [
  vector(
    'channel.open on the highest channel',
    `01 ffff 00000005     # method frame, channel 65535, size
     0014 000a            # channel.open
     00                   # reserved-1: empty short string
     ce                   # end`,
    { type: 'channel.open' },
  ),
  vector(
    'channel.open-ok, whose reserved field is a long string',
    `01 0001 00000008     # method frame, channel 1, size
     0014 000b            # channel.open-ok
     00000000             # reserved-1: empty long string
     ce                   # end`,
    { type: 'channel.open-ok' },
  ),
  vector(
    'channel.flow stopping',
    `01 0001 00000005     # method frame, channel 1, size
     0014 0014            # channel.flow
     00                   # active: false
     ce                   # end`,
    { type: 'channel.flow', active: false },
  ),
  vector(
    'channel.flow going on',
    `01 0001 00000005     # method frame, channel 1, size
     0014 0014            # channel.flow
     01                   # active: true
     ce                   # end`,
    { type: 'channel.flow', active: true },
  ),
  vector(
    'channel.flow-ok',
    `01 0001 00000005     # method frame, channel 1, size
     0014 0015            # channel.flow-ok
     01                   # active: true
     ce                   # end`,
    { type: 'channel.flow-ok', active: true },
  ),
  vector(
    'channel.close for a missing queue',
    `01 0102 00000023                             # method frame, channel 258, size
     0014 0028                                    # channel.close
     0194                                         # reply-code 404
     18 4e4f545f464f554e44202d206e6f20717565756520277127 # reply-text
     0032                                         # class-id 50
     000a                                         # method-id 10
     ce                                           # end`,
    {
      type: 'channel.close',
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'q'",
      classId: 50,
      methodId: 10,
    },
  ),
  vector(
    'channel.close-ok',
    `01 0102 00000004     # method frame, channel 258, size
     0014 0029            # channel.close-ok
     ce                   # end`,
    { type: 'channel.close-ok' },
  ),
];
