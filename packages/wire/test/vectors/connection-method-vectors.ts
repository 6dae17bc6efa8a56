/** Vectors of the class connection: whole method frames and what they mean. */
import { fromHex } from '../hex.ts';
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const connectionVectors: readonly MethodVector[] = [
  vector(
    'connection.start as RabbitMQ sends it, cut short',
    `01 0000 00000061                             # method frame, channel 0, size
     000a 000a                                    # connection.start
     00 09                                        # version 0.9
     0000003c                                     # server-properties: 60 octets
     0c 6361706162696c6974696573 46 00000015      # capabilities: table of 21
     12 7075626c69736865725f636f6e6669726d73 74 01 # in it: publisher_confirms, true
     07 70726f64756374 53 00000008 5261626269744d51 # product
     0000000e 414d51504c41494e20504c41494e        # mechanisms
     00000005 656e5f5553                          # locales
     ce                                           # end`,
    {
      type: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: { capabilities: { publisher_confirms: true }, product: 'RabbitMQ' },
      mechanisms: 'AMQPLAIN PLAIN',
      locales: 'en_US',
    },
  ),
  vector(
    'connection.start with nothing stated',
    `01 0000 0000001c     # method frame, channel 0, size
     000a 000a            # connection.start
     00 09                # version 0.9
     00000000             # server-properties: empty
     00000005 504c41494e  # mechanisms
     00000005 656e5f5553  # locales
     ce                   # end`,
    {
      type: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: {},
      mechanisms: 'PLAIN',
      locales: 'en_US',
    },
    { type: 'connection.start' },
  ),
  vector(
    'connection.start-ok with PLAIN',
    `01 0000 00000033                     # method frame, channel 0, size
     000a 000b                            # connection.start-ok
     0000000f                             # client-properties: 15 octets
     07 70726f64756374 53 00000002 7837   # product, long string
     05 504c41494e                        # mechanism
     0000000c 00 6775657374 00 6775657374 # response: NUL guest NUL guest
     05 656e5f5553                        # locale
     ce                                   # end`,
    {
      type: 'connection.start-ok',
      clientProperties: { product: 'x7' },
      mechanism: 'PLAIN',
      response: fromHex('00 6775657374 00 6775657374'),
      locale: 'en_US',
    },
  ),
  vector(
    'connection.start-ok with an empty response as text',
    `01 0000 0000001b     # method frame, channel 0, size
     000a 000b            # connection.start-ok
     00000000             # client-properties: empty
     08 45585445524e414c  # mechanism
     00000000             # response: empty
     05 656e5f5553        # locale
     ce                   # end`,
    {
      type: 'connection.start-ok',
      clientProperties: {},
      mechanism: 'EXTERNAL',
      response: new Uint8Array(0),
      locale: 'en_US',
    },
    { type: 'connection.start-ok', mechanism: 'EXTERNAL', response: '' },
  ),
  vector(
    'connection.secure with bytes that are no text',
    `01 0000 0000000b     # method frame, channel 0, size
     000a 0014            # connection.secure
     00000003 ff00fe      # challenge
     ce                   # end`,
    { type: 'connection.secure', challenge: fromHex('ff00fe') },
  ),
  vector(
    'connection.secure-ok given as text',
    `01 0000 0000000b     # method frame, channel 0, size
     000a 0015            # connection.secure-ok
     00000003 c3a931      # response: é1
     ce                   # end`,
    { type: 'connection.secure-ok', response: fromHex('c3a931') },
    { type: 'connection.secure-ok', response: 'é1' },
  ),
  vector(
    'connection.tune as RabbitMQ sends it',
    `01 0000 0000000c     # method frame, channel 0, size
     000a 001e            # connection.tune
     07ff                 # channel-max 2047
     00020000             # frame-max 131072
     003c                 # heartbeat 60
     ce                   # end`,
    { type: 'connection.tune', channelMax: 2047, frameMax: 131072, heartbeat: 60 },
  ),
  vector(
    'connection.tune without limits',
    `01 0000 0000000c     # method frame, channel 0, size
     000a 001e            # connection.tune
     0000                 # channel-max: none
     00000000             # frame-max: none
     0000                 # heartbeat: off
     ce                   # end`,
    { type: 'connection.tune', channelMax: 0, frameMax: 0, heartbeat: 0 },
    { type: 'connection.tune' },
  ),
  vector(
    'connection.tune-ok with the highest values',
    `01 0000 0000000c     # method frame, channel 0, size
     000a 001f            # connection.tune-ok
     ffff                 # channel-max 65535
     ffffffff             # frame-max 4294967295
     ffff                 # heartbeat 65535
     ce                   # end`,
    { type: 'connection.tune-ok', channelMax: 65535, frameMax: 4294967295, heartbeat: 65535 },
  ),
  vector(
    'connection.open with the default virtual host',
    `01 0000 00000008     # method frame, channel 0, size
     000a 0028            # connection.open
     01 2f                # virtual-host
     00                   # reserved-1: empty
     00                   # reserved-2: a bit
     ce                   # end`,
    { type: 'connection.open', virtualHost: '/' },
    { type: 'connection.open' },
  ),
  vector(
    'connection.open with an empty virtual host',
    `01 0000 00000007     # method frame, channel 0, size
     000a 0028            # connection.open
     00                   # virtual-host: empty
     00                   # reserved-1: empty
     00                   # reserved-2: a bit
     ce                   # end`,
    { type: 'connection.open', virtualHost: '' },
  ),
  vector(
    'connection.open-ok',
    `01 0000 00000005     # method frame, channel 0, size
     000a 0029            # connection.open-ok
     00                   # reserved-1: empty
     ce                   # end`,
    { type: 'connection.open-ok' },
  ),
  vector(
    'connection.close of a faulty publish',
    `01 0000 0000001a                  # method frame, channel 0, size
     000a 0032                         # connection.close
     021c                              # reply-code 540
     0f 4e4f545f494d504c454d454e544544 # reply-text
     003c                              # class-id 60
     0028                              # method-id 40
     ce                                # end`,
    {
      type: 'connection.close',
      replyCode: 540,
      replyText: 'NOT_IMPLEMENTED',
      classId: 60,
      methodId: 40,
    },
  ),
  vector(
    'connection.close without a reason',
    `01 0000 0000000b     # method frame, channel 0, size
     000a 0032            # connection.close
     00c8                 # reply-code 200
     00                   # reply-text: empty
     0000                 # class-id: none
     0000                 # method-id: none
     ce                   # end`,
    { type: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 },
    { type: 'connection.close', replyCode: 200 },
  ),
  vector(
    'connection.close-ok',
    `01 0000 00000004     # method frame, channel 0, size
     000a 0033            # connection.close-ok
     ce                   # end`,
    { type: 'connection.close-ok' },
  ),
  vector(
    'connection.blocked',
    `01 0000 00000012              # method frame, channel 0, size
     000a 003c                     # connection.blocked
     0d 6c6f77206f6e206d656d6f7279 # reason
     ce                            # end`,
    { type: 'connection.blocked', reason: 'low on memory' },
  ),
  vector(
    'connection.unblocked',
    `01 0000 00000004     # method frame, channel 0, size
     000a 003d            # connection.unblocked
     ce                   # end`,
    { type: 'connection.unblocked' },
  ),
  vector(
    'connection.update-secret',
    `01 0000 00000013     # method frame, channel 0, size
     000a 0046            # connection.update-secret
     00000003 746f6b      # new-secret: tok
     07 72656e6577616c    # reason
     ce                   # end`,
    { type: 'connection.update-secret', newSecret: fromHex('746f6b'), reason: 'renewal' },
    { type: 'connection.update-secret', newSecret: 'tok', reason: 'renewal' },
  ),
  vector(
    'connection.update-secret-ok',
    `01 0000 00000004     # method frame, channel 0, size
     000a 0047            # connection.update-secret-ok
     ce                   # end`,
    { type: 'connection.update-secret-ok' },
  ),
];
