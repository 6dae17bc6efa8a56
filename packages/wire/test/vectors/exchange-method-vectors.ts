/** Vectors of the class exchange: whole method frames and what they mean. */
import { type MethodVector, vector } from './method-vector.ts';

/** The frames. */
export const exchangeVectors: readonly MethodVector[] = [
  vector(
    'exchange.declare with every bit',
    `01 0001 00000030                             # method frame, channel 1, size
     0028 000a                                    # exchange.declare
     0000                                         # reserved-1
     04 6c6f6773                                  # exchange
     05 746f706963                                # type
     1f                                           # passive 1, durable 2, auto-delete 4, internal 8, no-wait 16
     0000001a                                     # arguments: 26 octets
     12 616c7465726e6174652d65786368616e6765 53 00000002 6165 # alternate-exchange, long string
     ce                                           # end`,
    {
      type: 'exchange.declare',
      exchange: 'logs',
      exchangeType: 'topic',
      passive: true,
      durable: true,
      autoDelete: true,
      internal: true,
      noWait: true,
      arguments: { 'alternate-exchange': 'ae' },
    },
  ),
  vector(
    'exchange.declare with passive alone',
    `01 0001 00000014     # method frame, channel 1, size
     0028 000a            # exchange.declare
     0000                 # reserved-1
     01 65                # exchange
     06 646972656374      # type
     01                   # passive
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.declare',
      exchange: 'e',
      exchangeType: 'direct',
      passive: true,
      durable: false,
      autoDelete: false,
      internal: false,
      noWait: false,
      arguments: {},
    },
    { type: 'exchange.declare', exchange: 'e', passive: true },
  ),
  vector(
    'exchange.declare with durable alone',
    `01 0001 00000014     # method frame, channel 1, size
     0028 000a            # exchange.declare
     0000                 # reserved-1
     01 65                # exchange
     06 646972656374      # type
     02                   # durable
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.declare',
      exchange: 'e',
      exchangeType: 'direct',
      passive: false,
      durable: true,
      autoDelete: false,
      internal: false,
      noWait: false,
      arguments: {},
    },
    { type: 'exchange.declare', exchange: 'e', durable: true },
  ),
  vector(
    'exchange.declare with auto-delete alone',
    `01 0001 00000014     # method frame, channel 1, size
     0028 000a            # exchange.declare
     0000                 # reserved-1
     01 65                # exchange
     06 646972656374      # type
     04                   # auto-delete
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.declare',
      exchange: 'e',
      exchangeType: 'direct',
      passive: false,
      durable: false,
      autoDelete: true,
      internal: false,
      noWait: false,
      arguments: {},
    },
    { type: 'exchange.declare', exchange: 'e', autoDelete: true },
  ),
  vector(
    'exchange.declare with internal alone',
    `01 0001 00000014     # method frame, channel 1, size
     0028 000a            # exchange.declare
     0000                 # reserved-1
     01 65                # exchange
     06 646972656374      # type
     08                   # internal
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.declare',
      exchange: 'e',
      exchangeType: 'direct',
      passive: false,
      durable: false,
      autoDelete: false,
      internal: true,
      noWait: false,
      arguments: {},
    },
    { type: 'exchange.declare', exchange: 'e', internal: true },
  ),
  vector(
    'exchange.declare with no-wait alone',
    `01 0001 00000014     # method frame, channel 1, size
     0028 000a            # exchange.declare
     0000                 # reserved-1
     01 65                # exchange
     06 646972656374      # type
     10                   # no-wait
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.declare',
      exchange: 'e',
      exchangeType: 'direct',
      passive: false,
      durable: false,
      autoDelete: false,
      internal: false,
      noWait: true,
      arguments: {},
    },
    { type: 'exchange.declare', exchange: 'e', noWait: true },
  ),
  vector(
    'exchange.declare-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0028 000b            # exchange.declare-ok
     ce                   # end`,
    { type: 'exchange.declare-ok' },
  ),
  vector(
    'exchange.delete of an unused one',
    `01 0001 0000000c     # method frame, channel 1, size
     0028 0014            # exchange.delete
     0000                 # reserved-1
     04 6c6f6773          # exchange
     01                   # if-unused 1, no-wait 2: not set
     ce                   # end`,
    { type: 'exchange.delete', exchange: 'logs', ifUnused: true, noWait: false },
  ),
  vector(
    'exchange.delete without an answer',
    `01 0001 0000000c     # method frame, channel 1, size
     0028 0014            # exchange.delete
     0000                 # reserved-1
     04 6c6f6773          # exchange
     02                   # no-wait
     ce                   # end`,
    { type: 'exchange.delete', exchange: 'logs', ifUnused: false, noWait: true },
  ),
  vector(
    'exchange.delete-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0028 0015            # exchange.delete-ok
     ce                   # end`,
    { type: 'exchange.delete-ok' },
  ),
  vector(
    'exchange.bind',
    `01 0001 0000001c     # method frame, channel 1, size
     0028 001e            # exchange.bind
     0000                 # reserved-1
     02 746f              # destination
     04 66726f6d          # source
     03 612e23            # routing-key
     00                   # no-wait: not set
     00000005             # arguments: 5 octets
     02 7879 74 01        # xy, true
     ce                   # end`,
    {
      type: 'exchange.bind',
      destination: 'to',
      source: 'from',
      routingKey: 'a.#',
      noWait: false,
      arguments: { xy: true },
    },
  ),
  vector(
    'exchange.bind with the least stated',
    `01 0001 00000014     # method frame, channel 1, size
     0028 001e            # exchange.bind
     0000                 # reserved-1
     02 746f              # destination
     04 66726f6d          # source
     00                   # routing-key: empty
     01                   # no-wait
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.bind',
      destination: 'to',
      source: 'from',
      routingKey: '',
      noWait: true,
      arguments: {},
    },
    { type: 'exchange.bind', destination: 'to', source: 'from', noWait: true },
  ),
  vector(
    'exchange.unbind',
    `01 0001 0000001c     # method frame, channel 1, size
     0028 0028            # exchange.unbind
     0000                 # reserved-1
     02 746f              # destination
     04 66726f6d          # source
     03 612e23            # routing-key
     00                   # no-wait: not set
     00000005             # arguments: 5 octets
     02 7879 74 01        # xy, true
     ce                   # end`,
    {
      type: 'exchange.unbind',
      destination: 'to',
      source: 'from',
      routingKey: 'a.#',
      noWait: false,
      arguments: { xy: true },
    },
  ),
  vector(
    'exchange.unbind with the least stated',
    `01 0001 00000014     # method frame, channel 1, size
     0028 0028            # exchange.unbind
     0000                 # reserved-1
     02 746f              # destination
     04 66726f6d          # source
     00                   # routing-key: empty
     01                   # no-wait
     00000000             # arguments: empty
     ce                   # end`,
    {
      type: 'exchange.unbind',
      destination: 'to',
      source: 'from',
      routingKey: '',
      noWait: true,
      arguments: {},
    },
    { type: 'exchange.unbind', destination: 'to', source: 'from', noWait: true },
  ),
  vector(
    'exchange.bind-ok',
    `01 0001 00000004     # method frame, channel 1, size
     0028 001f            # exchange.bind-ok
     ce                   # end`,
    { type: 'exchange.bind-ok' },
  ),
  vector(
    'exchange.unbind-ok, number 51',
    `01 0001 00000004     # method frame, channel 1, size
     0028 0033            # exchange.unbind-ok
     ce                   # end`,
    { type: 'exchange.unbind-ok' },
  ),
];
