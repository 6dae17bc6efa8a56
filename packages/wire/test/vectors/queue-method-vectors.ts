/** Vectors of the class queue: whole method frames and what they mean. */
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const queueVectors: readonly MethodVector[] = [
  vector(
    'queue.declare with every bit',
    `01 0001 0000002c                             # method frame, channel 1, size
     0032 000a                                    # queue.declare
     0000                                         # reserved-1
     04 6a6f6273                                  # queue
     1f                                           # passive 1, durable 2, exclusive 4, auto-delete 8, no-wait 16
     0000001c                                     # arguments: 28 octets
     0c 782d71756575652d74797065 53 00000006 71756f72756d # x-queue-type, long string
     01 6e 74 00                                  # n, false
     ce                                           # end`,
    {
      type: 'queue.declare',
      queue: 'jobs',
      passive: true,
      durable: true,
      exclusive: true,
      autoDelete: true,
      noWait: true,
      arguments: { 'x-queue-type': 'quorum', n: false },
    },
  ),
  vector(
    'queue.declare with passive alone',
    `01 0001 0000000d     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     01 71                # queue
     01                   # passive
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: 'q',
      passive: true,
      durable: false,
      exclusive: false,
      autoDelete: false,
      noWait: false,
      arguments: {},
    },
    { type: 'queue.declare', queue: 'q', passive: true },
  ),
  vector(
    'queue.declare with durable alone',
    `01 0001 0000000d     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     01 71                # queue
     02                   # durable
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: 'q',
      passive: false,
      durable: true,
      exclusive: false,
      autoDelete: false,
      noWait: false,
      arguments: {},
    },
    { type: 'queue.declare', queue: 'q', durable: true },
  ),
  vector(
    'queue.declare with exclusive alone',
    `01 0001 0000000d     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     01 71                # queue
     04                   # exclusive
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: 'q',
      passive: false,
      durable: false,
      exclusive: true,
      autoDelete: false,
      noWait: false,
      arguments: {},
    },
    { type: 'queue.declare', queue: 'q', exclusive: true },
  ),
  vector(
    'queue.declare with auto-delete alone',
    `01 0001 0000000d     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     01 71                # queue
     08                   # auto-delete
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: 'q',
      passive: false,
      durable: false,
      exclusive: false,
      autoDelete: true,
      noWait: false,
      arguments: {},
    },
    { type: 'queue.declare', queue: 'q', autoDelete: true },
  ),
  vector(
    'queue.declare with no-wait alone',
    `01 0001 0000000d     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     01 71                # queue
     10                   # no-wait
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: 'q',
      passive: false,
      durable: false,
      exclusive: false,
      autoDelete: false,
      noWait: true,
      arguments: {},
    },
    { type: 'queue.declare', queue: 'q', noWait: true },
  ),
  vector(
    'queue.declare with nothing stated',
    `01 0001 0000000c     # method frame, channel 1, size
     0032 000a            # queue.declare
     0000                 # reserved-1
     00                   # queue: empty
     00                   # no bit
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.declare',
      queue: '',
      passive: false,
      durable: false,
      exclusive: false,
      autoDelete: false,
      noWait: false,
      arguments: {},
    },
    { type: 'queue.declare' },
  ),
  vector(
    'queue.declare-ok',
    `01 0001 00000016      # method frame, channel 1, size
     0032 000b             # queue.declare-ok
     09 616d712e67656e2d31 # queue
     00000007              # message-count
     ffffffff              # consumer-count: the highest
     ce                    # end`,
    { type: 'queue.declare-ok', queue: 'amq.gen-1', messageCount: 7, consumerCount: 4294967295 },
  ),
  vector(
    'queue.bind with a name beyond ASCII',
    `01 0001 0000001a     # method frame, channel 1, size
     0032 0014            # queue.bind
     0000                 # reserved-1
     05 e282ac6571        # queue: euro sign, e, q
     04 6c6f6773          # exchange
     03 612e62            # routing-key
     00                   # no-wait: not set
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'queue.bind',
      queue: '€eq',
      exchange: 'logs',
      routingKey: 'a.b',
      noWait: false,
      arguments: {},
    },
  ),
  vector(
    'queue.bind without an answer',
    `01 0001 0000001d              # method frame, channel 1, size
     0032 0014                     # queue.bind
     0000                          # reserved-1
     01 71                         # queue
     01 65                         # exchange
     00                            # routing-key: empty
     01                            # no-wait
     0000000d                      # arguments: 13 octets
     07 782d6d61746368 53 00000000 # x-match, empty long string
     ce                            # end`,
    {
      type: 'queue.bind',
      queue: 'q',
      exchange: 'e',
      routingKey: '',
      noWait: true,
      arguments: { 'x-match': '' },
    },
  ),
  vector(
    'queue.bind-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0032 0015            # queue.bind-ok
     ce                   # end`,
    { type: 'queue.bind-ok' },
  ),
  vector(
    'queue.unbind, which has no no-wait',
    `01 0001 00000010     # method frame, channel 1, size
     0032 0032            # queue.unbind
     0000                 # reserved-1
     01 71                # queue
     01 65                # exchange
     01 6b                # routing-key
     00000000             # arguments: empty, right after the routing key
     ce                   # end`,
    { type: 'queue.unbind', queue: 'q', exchange: 'e', routingKey: 'k', arguments: {} },
    { type: 'queue.unbind', queue: 'q', exchange: 'e', routingKey: 'k' },
  ),
  vector(
    'queue.unbind-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0032 0033            # queue.unbind-ok
     ce                   # end`,
    { type: 'queue.unbind-ok' },
  ),
  vector(
    'queue.purge',
    `01 0001 00000009     # method frame, channel 1, size
     0032 001e            # queue.purge
     0000                 # reserved-1
     01 71                # queue
     00                   # no-wait: not set
     ce                   # end`,
    { type: 'queue.purge', queue: 'q', noWait: false },
  ),
  vector(
    'queue.purge-ok',
    `01 0001 00000008     # method frame, channel 1, size
     0032 001f            # queue.purge-ok
     000f4240             # message-count: a million
     ce                   # end`,
    { type: 'queue.purge-ok', messageCount: 1000000 },
  ),
  vector(
    'queue.delete with every bit',
    `01 0001 00000009     # method frame, channel 1, size
     0032 0028            # queue.delete
     0000                 # reserved-1
     01 71                # queue
     07                   # if-unused 1, if-empty 2, no-wait 4
     ce                   # end`,
    { type: 'queue.delete', queue: 'q', ifUnused: true, ifEmpty: true, noWait: true },
  ),
  vector(
    'queue.delete of an empty one',
    `01 0001 00000009     # method frame, channel 1, size
     0032 0028            # queue.delete
     0000                 # reserved-1
     01 71                # queue
     02                   # if-empty
     ce                   # end`,
    { type: 'queue.delete', queue: 'q', ifUnused: false, ifEmpty: true, noWait: false },
  ),
  vector(
    'queue.delete-ok',
    `01 0001 00000008     # method frame, channel 1, size
     0032 0029            # queue.delete-ok
     00000000             # message-count
     ce                   # end`,
    { type: 'queue.delete-ok', messageCount: 0 },
  ),
];
