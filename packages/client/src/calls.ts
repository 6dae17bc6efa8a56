/** Each call of the client: its options and an example of it, for the check of what it was given. Must not check. */
import type { TlsOptions } from '@puka/transport';
import type { ClientOptions } from './client-options.ts';
import type { Credentials } from './connecting/credentials.ts';
import type * as Consuming from './consuming/options.ts';
import type { CallForm } from './operations/call-check.ts';
import type { OperationOptions } from './operations/operation-options.ts';
import type { PublishOptions } from './publishing/options.ts';
import type * as Topology from './topology/options.ts';
import type { WaitOptions } from './waiting.ts';

/** Every option has to be listed here, and no other: the compiler checks it. `flag` is one that is `true` or `false`. */
type Names<Options> = { readonly [Name in keyof Required<Options>]: 'flag' | 'other' };

/** @param parameters of the example; a whole one if the options are part of another call. */
function form<Options>(call: string, parameters: string, names: Names<Options>): CallForm {
  const entries = Object.entries(names);
  return {
    call,
    method: call.replace(
      /^(queue|exchange|basic)([A-Z])/,
      (_, name: string, letter: string) => `${name}.${letter.toLowerCase()}`,
    ),
    example: parameters.startsWith('new ') ? parameters : `${call}(${parameters})`,
    options: new Set(entries.map(([name]) => name)),
    flags: entries.filter(([, kind]) => kind === 'flag').map(([name]) => name),
  };
}

const bounds = { signal: 'other', timeout: 'other' } as const;

const consumeFlags = { noAck: 'flag', resubscribe: 'flag' } as const;

const queueOfConsume = {
  queue: 'other',
  consumerTag: 'other',
  noLocal: 'flag',
  exclusive: 'flag',
  arguments: 'other',
} as const;

/** The calls, by name. */
type CallName =
  | 'client'
  | 'tls'
  | 'credentials'
  | 'connect'
  | 'close'
  | 'drained'
  | 'shutdown'
  | 'queueDeclare'
  | 'queueDelete'
  | 'queuePurge'
  | 'queueBind'
  | 'queueUnbind'
  | 'exchangeDeclare'
  | 'exchangeDelete'
  | 'exchangeBind'
  | 'exchangeUnbind'
  | 'basicGet'
  | 'basicConsume'
  | 'basicConsumeMulti'
  | 'queueOfMulti'
  | 'basicQos'
  | 'basicCancel'
  | 'basicPublish'
  | 'basicReject'
  | 'basicNack'
  | 'wait'
  | 'loop';

/** The forms of all calls that take options. */
export const calls: Readonly<Record<CallName, CallForm>> = {
  client: form<ClientOptions>('new Client', "'amqp://localhost', { heartbeat: 30 }", {
    credentials: 'other',
    mechanisms: 'other',
    allowCleartextPassword: 'flag',
    shuffleHosts: 'flag',
    heartbeat: 'other',
    pubacks: 'flag',
    drive: 'other',
    clientProperties: 'other',
    connectionName: 'other',
    tls: 'other',
    frameMax: 'other',
    channelMax: 'other',
    maxMessageBytes: 'other',
    maxTableDepth: 'other',
    maxBufferedBytes: 'other',
    maxOpenPublishes: 'other',
    maxInboundBytes: 'other',
    connectTimeout: 'other',
    closeTimeout: 'other',
    transport: 'other',
    runtime: 'other',
    recover: 'other',
    diagnostics: 'other',
    trace: 'other',
  }),
  tls: form<TlsOptions>('tls', "new Client('amqps://localhost', { tls: { ca } })", {
    ca: 'other',
    cert: 'other',
    key: 'other',
    passphrase: 'other',
    serverName: 'other',
    rejectUnauthorized: 'flag',
    alpn: 'other',
    minVersion: 'other',
  }),
  credentials: form<Credentials>(
    'credentials',
    "new Client('amqp://localhost', { credentials: { username, password } })",
    {
      username: 'other',
      password: 'other',
      expiresAt: 'other',
      expiresIn: 'other',
    },
  ),
  connect: form<OperationOptions>('connect', '{ timeout: 5000 }', bounds),
  close: form<OperationOptions>('close', '{ timeout: 5000 }', bounds),
  drained: form<OperationOptions>('drained', '{ timeout: 5000 }', bounds),
  shutdown: form<Pick<OperationOptions, 'timeout'>>('shutdown', '{ timeout: 5000 }', { timeout: 'other' }),
  queueDeclare: form<Topology.QueueDeclareOptions>('queueDeclare', "{ queue: 'jobs', durable: true }", {
    queue: 'other',
    durable: 'flag',
    exclusive: 'flag',
    autoDelete: 'flag',
    passive: 'flag',
    arguments: 'other',
    ...bounds,
  }),
  queueDelete: form<Topology.QueueDeleteOptions>('queueDelete', "{ queue: 'jobs' }", {
    queue: 'other',
    ifUnused: 'flag',
    ifEmpty: 'flag',
    ...bounds,
  }),
  queuePurge: form<Topology.QueuePurgeOptions>('queuePurge', "{ queue: 'jobs' }", { queue: 'other', ...bounds }),
  queueBind: queueBinding('queueBind'),
  queueUnbind: queueBinding('queueUnbind'),
  exchangeDeclare: form<Topology.ExchangeDeclareOptions>('exchangeDeclare', "{ exchange: 'logs', type: 'fanout' }", {
    exchange: 'other',
    type: 'other',
    durable: 'flag',
    autoDelete: 'flag',
    internal: 'flag',
    passive: 'flag',
    arguments: 'other',
    ...bounds,
  }),
  exchangeDelete: form<Topology.ExchangeDeleteOptions>('exchangeDelete', "{ exchange: 'logs' }", {
    exchange: 'other',
    ifUnused: 'flag',
    ...bounds,
  }),
  exchangeBind: exchangeBinding('exchangeBind'),
  exchangeUnbind: exchangeBinding('exchangeUnbind'),
  basicGet: form<Consuming.GetOptions>('basicGet', "{ queue: 'jobs' }", { queue: 'other', noAck: 'flag', ...bounds }),
  basicConsume: form<Consuming.ConsumeOptions>(
    'basicConsume',
    "{ queue: 'jobs', prefetchCount: 10 }, (error, message) => { … }",
    { ...queueOfConsume, prefetchCount: 'other', ...consumeFlags, processing: 'other', bodies: 'other', ...bounds },
  ),
  basicConsumeMulti: form<Consuming.ConsumeMultiOptions>(
    'basicConsumeMulti',
    "{ queues: ['jobs', 'mails'], prefetchCount: 10 }, (error, message) => { … }",
    { queues: 'other', prefetchCount: 'other', ...consumeFlags, processing: 'other', bodies: 'other', ...bounds },
  ),
  queueOfMulti: form<Exclude<Consuming.ConsumeQueue, string>>(
    'a queue of basicConsumeMulti',
    "{ queue: 'jobs', exclusive: true }",
    queueOfConsume,
  ),
  basicQos: form<Consuming.QosOptions>('basicQos', 'consumer, { prefetchCount: 10 }', {
    prefetchCount: 'other',
    ...bounds,
  }),
  basicCancel: form<OperationOptions>('basicCancel', 'consumer', bounds),
  basicPublish: form<PublishOptions>('basicPublish', "{ exchange: '', routingKey: 'jobs', body }", {
    exchange: 'other',
    routingKey: 'other',
    mandatory: 'flag',
    body: 'other',
    json: 'other',
    immediate: 'other',
    contentType: 'other',
    contentEncoding: 'other',
    headers: 'other',
    deliveryMode: 'other',
    priority: 'other',
    correlationId: 'other',
    replyTo: 'other',
    expiration: 'other',
    messageId: 'other',
    timestamp: 'other',
    type: 'other',
    userId: 'other',
    appId: 'other',
    clusterId: 'other',
    ...bounds,
  }),
  basicReject: form<{ readonly requeue: boolean }>('basicReject', 'message, { requeue: false }', { requeue: 'flag' }),
  basicNack: form<{ readonly requeue: boolean }>('basicNack', 'message, { requeue: false }', { requeue: 'flag' }),
  wait: form<WaitOptions>('wait', 'promise, { timeout: 5000 }', {
    timeout: 'other',
    raiseErrors: 'flag',
    signal: 'other',
  }),
  loop: form<Pick<OperationOptions, 'timeout'>>('loop', '{ timeout: 5000 }', { timeout: 'other' }),
};

function queueBinding(call: string): CallForm {
  return form<Topology.QueueBindOptions>(call, "{ queue: 'jobs', exchange: 'logs', routingKey: '' }", {
    queue: 'other',
    exchange: 'other',
    routingKey: 'other',
    arguments: 'other',
    ...bounds,
  });
}

function exchangeBinding(call: string): CallForm {
  return form<Topology.ExchangeBindOptions>(call, "{ source: 'all', destination: 'logs', routingKey: '' }", {
    destination: 'other',
    source: 'other',
    routingKey: 'other',
    arguments: 'other',
    ...bounds,
  });
}
