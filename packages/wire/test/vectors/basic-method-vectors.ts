/** Vectors of the class basic: whole method frames and what they mean. */
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const basicVectors: readonly MethodVector[] = [
  vector(
    'basic.qos',
    `01 0001 0000000b     # method frame, channel 1, size
     003c 000a            # basic.qos
     00000000             # prefetch-size
     012c                 # prefetch-count 300
     00                   # global: not set
     ce                   # end`,
    { type: 'basic.qos', prefetchSize: 0, prefetchCount: 300, global: false },
    { type: 'basic.qos', prefetchCount: 300 },
  ),
  vector(
    'basic.qos for the channel',
    `01 0001 0000000b     # method frame, channel 1, size
     003c 000a            # basic.qos
     00000400             # prefetch-size 1024
     0001                 # prefetch-count 1
     01                   # global
     ce                   # end`,
    { type: 'basic.qos', prefetchSize: 1024, prefetchCount: 1, global: true },
  ),
  vector(
    'basic.qos-ok',
    `01 0001 00000004     # method frame, channel 1, size
     003c 000b            # basic.qos-ok
     ce                   # end`,
    { type: 'basic.qos-ok' },
  ),
  vector(
    'basic.consume with every bit',
    `01 0001 00000024                    # method frame, channel 1, size
     003c 0014                           # basic.consume
     0000                                # reserved-1
     04 6a6f6273                         # queue
     03 746167                           # consumer-tag
     0f                                  # no-local 1, no-ack 2, exclusive 4, no-wait 8
     00000010                            # arguments: 16 octets
     0a 782d7072696f72697479 49 0000000a # x-priority, int32 10
     ce                                  # end`,
    {
      type: 'basic.consume',
      queue: 'jobs',
      consumerTag: 'tag',
      noLocal: true,
      noAck: true,
      exclusive: true,
      noWait: true,
      arguments: { 'x-priority': 10 },
    },
  ),
  vector(
    'basic.consume with no-local alone',
    `01 0001 0000000e     # method frame, channel 1, size
     003c 0014            # basic.consume
     0000                 # reserved-1
     01 71                # queue
     00                   # consumer-tag: empty
     01                   # no-local
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'basic.consume',
      queue: 'q',
      consumerTag: '',
      noLocal: true,
      noAck: false,
      exclusive: false,
      noWait: false,
      arguments: {},
    },
    { type: 'basic.consume', queue: 'q', noLocal: true },
  ),
  vector(
    'basic.consume with no-ack alone',
    `01 0001 0000000e     # method frame, channel 1, size
     003c 0014            # basic.consume
     0000                 # reserved-1
     01 71                # queue
     00                   # consumer-tag: empty
     02                   # no-ack
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'basic.consume',
      queue: 'q',
      consumerTag: '',
      noLocal: false,
      noAck: true,
      exclusive: false,
      noWait: false,
      arguments: {},
    },
    { type: 'basic.consume', queue: 'q', noAck: true },
  ),
  vector(
    'basic.consume with exclusive alone',
    `01 0001 0000000e     # method frame, channel 1, size
     003c 0014            # basic.consume
     0000                 # reserved-1
     01 71                # queue
     00                   # consumer-tag: empty
     04                   # exclusive
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'basic.consume',
      queue: 'q',
      consumerTag: '',
      noLocal: false,
      noAck: false,
      exclusive: true,
      noWait: false,
      arguments: {},
    },
    { type: 'basic.consume', queue: 'q', exclusive: true },
  ),
  vector(
    'basic.consume with no-wait alone',
    `01 0001 0000000e     # method frame, channel 1, size
     003c 0014            # basic.consume
     0000                 # reserved-1
     01 71                # queue
     00                   # consumer-tag: empty
     08                   # no-wait
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'basic.consume',
      queue: 'q',
      consumerTag: '',
      noLocal: false,
      noAck: false,
      exclusive: false,
      noWait: true,
      arguments: {},
    },
    { type: 'basic.consume', queue: 'q', noWait: true },
  ),
  vector(
    'basic.consume-ok',
    `01 0001 0000000f        # method frame, channel 1, size
     003c 0015               # basic.consume-ok
     0a 616d712e637461672d31 # consumer-tag
     ce                      # end`,
    { type: 'basic.consume-ok', consumerTag: 'amq.ctag-1' },
  ),
  vector(
    'basic.cancel as RabbitMQ sends it',
    `01 0001 00000009     # method frame, channel 1, size
     003c 001e            # basic.cancel
     03 746167            # consumer-tag
     01                   # no-wait
     ce                   # end`,
    { type: 'basic.cancel', consumerTag: 'tag', noWait: true },
  ),
  vector(
    'basic.cancel-ok',
    `01 0001 00000008     # method frame, channel 1, size
     003c 001f            # basic.cancel-ok
     03 746167            # consumer-tag
     ce                   # end`,
    { type: 'basic.cancel-ok', consumerTag: 'tag' },
  ),
  vector(
    'basic.publish, mandatory',
    `01 0001 00000010     # method frame, channel 1, size
     003c 0028            # basic.publish
     0000                 # reserved-1
     04 6c6f6773          # exchange
     03 612e62            # routing-key
     01                   # mandatory 1, immediate 2: not set
     ce                   # end`,
    {
      type: 'basic.publish',
      exchange: 'logs',
      routingKey: 'a.b',
      mandatory: true,
      immediate: false,
    },
  ),
  vector(
    'basic.publish with nothing stated',
    `01 0001 00000009     # method frame, channel 1, size
     003c 0028            # basic.publish
     0000                 # reserved-1
     00                   # exchange: the default one
     00                   # routing-key: empty
     00                   # no bit
     ce                   # end`,
    { type: 'basic.publish', exchange: '', routingKey: '', mandatory: false, immediate: false },
    { type: 'basic.publish' },
  ),
  vector(
    'basic.publish, immediate, which RabbitMQ refuses',
    `01 0001 0000000a     # method frame, channel 1, size
     003c 0028            # basic.publish
     0000                 # reserved-1
     00                   # exchange: the default one
     01 71                # routing-key
     02                   # immediate
     ce                   # end`,
    { type: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: true },
  ),
  vector(
    'basic.return without a route',
    `01 0001 00000018     # method frame, channel 1, size
     003c 0032            # basic.return
     0138                 # reply-code 312
     08 4e4f5f524f555445  # reply-text: NO_ROUTE
     04 6c6f6773          # exchange
     03 612e62            # routing-key
     ce                   # end`,
    {
      type: 'basic.return',
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: 'logs',
      routingKey: 'a.b',
    },
  ),
  vector(
    'basic.deliver',
    `01 0001 0000001a     # method frame, channel 1, size
     003c 003c            # basic.deliver
     03 746167            # consumer-tag
     0000000000000001     # delivery-tag 1
     00                   # redelivered: not set
     04 6c6f6773          # exchange
     03 612e62            # routing-key
     ce                   # end`,
    {
      type: 'basic.deliver',
      consumerTag: 'tag',
      deliveryTag: 1,
      redelivered: false,
      exchange: 'logs',
      routingKey: 'a.b',
    },
  ),
  vector(
    'basic.deliver with the highest tag that a number holds',
    `01 0001 00000012     # method frame, channel 1, size
     003c 003c            # basic.deliver
     01 74                # consumer-tag
     001fffffffffffff     # delivery-tag 2^53 - 1
     01                   # redelivered
     00                   # exchange: the default one
     01 71                # routing-key
     ce                   # end`,
    {
      type: 'basic.deliver',
      consumerTag: 't',
      deliveryTag: 9007199254740991,
      redelivered: true,
      exchange: '',
      routingKey: 'q',
    },
  ),
  vector(
    'basic.deliver with a tag that needs a bigint',
    `01 0001 00000012     # method frame, channel 1, size
     003c 003c            # basic.deliver
     01 74                # consumer-tag
     0020000000000000     # delivery-tag 2^53
     00                   # redelivered: not set
     00                   # exchange: the default one
     01 71                # routing-key
     ce                   # end`,
    {
      type: 'basic.deliver',
      consumerTag: 't',
      deliveryTag: 9007199254740992n,
      redelivered: false,
      exchange: '',
      routingKey: 'q',
    },
  ),
  vector(
    'basic.get without ack',
    `01 0001 00000009     # method frame, channel 1, size
     003c 0046            # basic.get
     0000                 # reserved-1
     01 71                # queue
     01                   # no-ack
     ce                   # end`,
    { type: 'basic.get', queue: 'q', noAck: true },
  ),
  vector(
    'basic.get with ack',
    `01 0001 00000009     # method frame, channel 1, size
     003c 0046            # basic.get
     0000                 # reserved-1
     01 71                # queue
     00                   # no-ack: not set
     ce                   # end`,
    { type: 'basic.get', queue: 'q', noAck: false },
    { type: 'basic.get', queue: 'q' },
  ),
  vector(
    'basic.get-ok',
    `01 0001 00000015     # method frame, channel 1, size
     003c 0047            # basic.get-ok
     0000000100000000     # delivery-tag 2^32
     01                   # redelivered
     01 65                # exchange
     01 6b                # routing-key
     00000003             # message-count
     ce                   # end`,
    {
      type: 'basic.get-ok',
      deliveryTag: 4294967296,
      redelivered: true,
      exchange: 'e',
      routingKey: 'k',
      messageCount: 3,
    },
  ),
  vector(
    'basic.get-empty',
    `01 0001 00000005     # method frame, channel 1, size
     003c 0048            # basic.get-empty
     00                   # reserved-1: empty
     ce                   # end`,
    { type: 'basic.get-empty' },
  ),
  vector(
    'basic.ack of one',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 0050            # basic.ack
     0000000000000005     # delivery-tag 5
     00                   # multiple: not set
     ce                   # end`,
    { type: 'basic.ack', deliveryTag: 5, multiple: false },
    { type: 'basic.ack', deliveryTag: 5 },
  ),
  vector(
    'basic.ack of all',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 0050            # basic.ack
     0000000000000000     # delivery-tag 0
     01                   # multiple
     ce                   # end`,
    { type: 'basic.ack', deliveryTag: 0, multiple: true },
  ),
  vector(
    'basic.ack with the highest tag',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 0050            # basic.ack
     ffffffffffffffff     # delivery-tag 2^64 - 1
     00                   # multiple: not set
     ce                   # end`,
    { type: 'basic.ack', deliveryTag: 18446744073709551615n, multiple: false },
  ),
  vector(
    'basic.reject back into the queue',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 005a            # basic.reject
     0000000000000006     # delivery-tag 6
     01                   # requeue
     ce                   # end`,
    { type: 'basic.reject', deliveryTag: 6, requeue: true },
    { type: 'basic.reject', deliveryTag: 6 },
  ),
  vector(
    'basic.reject for good',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 005a            # basic.reject
     0000000000000006     # delivery-tag 6
     00                   # requeue: not set
     ce                   # end`,
    { type: 'basic.reject', deliveryTag: 6, requeue: false },
  ),
  vector(
    'basic.nack with nothing but its tag',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 0078            # basic.nack
     0000000000000007     # delivery-tag 7
     02                   # multiple 1: not set, requeue 2
     ce                   # end`,
    { type: 'basic.nack', deliveryTag: 7, multiple: false, requeue: true },
    { type: 'basic.nack', deliveryTag: 7 },
  ),
  vector(
    'basic.nack of many for good',
    `01 0001 0000000d     # method frame, channel 1, size
     003c 0078            # basic.nack
     0000000000000007     # delivery-tag 7
     01                   # multiple
     ce                   # end`,
    { type: 'basic.nack', deliveryTag: 7, multiple: true, requeue: false },
  ),
  vector(
    'basic.recover-async',
    `01 0001 00000005     # method frame, channel 1, size
     003c 0064            # basic.recover-async
     01                   # requeue
     ce                   # end`,
    { type: 'basic.recover-async', requeue: true },
  ),
  vector(
    'basic.recover',
    `01 0001 00000005     # method frame, channel 1, size
     003c 006e            # basic.recover
     00                   # requeue: not set
     ce                   # end`,
    { type: 'basic.recover', requeue: false },
    { type: 'basic.recover' },
  ),
  vector(
    'basic.recover-ok',
    `01 0001 00000004     # method frame, channel 1, size
     003c 006f            # basic.recover-ok
     ce                   # end`,
    { type: 'basic.recover-ok' },
  ),
];
