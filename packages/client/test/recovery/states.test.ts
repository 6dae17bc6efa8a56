/** Every call in every state of a client, with every end that may follow: all of it settles, in the right way. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/client.ts';
import { type ClientState, clientStates } from '../../src/connection/client-states.ts';
import type { Consumer } from '../../src/consuming/consumer.ts';
import type { Message } from '../../src/consuming/message.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { endOf, Scene } from './scene.ts';

const stages = ['idle', 'connecting', 'connected', 'waiting', 'reaching', 'restoring', 'closing'] as const;
type Stage = (typeof stages)[number];

const ends = ['nothing further', 'cut', 'refuse', 'close', 'abort'] as const;
type End = (typeof ends)[number];

interface Cast {
  readonly client: Client;
  /** It was subscribed before the stage was reached. */
  readonly consumer: Consumer;
  /** It was delivered before the stage was reached. */
  readonly message: Message;
  readonly signal: AbortSignal;
}

/** What a call returns: an operation, or something that is over at once. */
type Given = Operation<unknown> | Consumer | boolean;

const operations = {
  connect: ({ client, signal }: Cast): Given => client.connect({ signal }),
  close: ({ client }: Cast): Given => client.close(),
  shutdown: ({ client }: Cast): Given => client.shutdown({ timeout: 5000 }),
  queueDeclare: ({ client, signal }: Cast): Given => client.queueDeclare({ queue: 'new', signal }),
  passive: ({ client, signal }: Cast): Given => client.queueDeclare({ queue: 'q', passive: true, signal }),
  queueDelete: ({ client, signal }: Cast): Given => client.queueDelete({ queue: 'other', signal }),
  queuePurge: ({ client, signal }: Cast): Given => client.queuePurge({ queue: 'other', signal }),
  queueBind: ({ client, signal }: Cast): Given => client.queueBind({ queue: 'q', exchange: 'amq.direct', signal }),
  queueUnbind: ({ client, signal }: Cast): Given => client.queueUnbind({ queue: 'q', exchange: 'amq.direct', signal }),
  exchangeDeclare: ({ client, signal }: Cast): Given => client.exchangeDeclare({ exchange: 'e', signal }),
  exchangeDelete: ({ client, signal }: Cast): Given => client.exchangeDelete({ exchange: 'gone', signal }),
  exchangeBind: ({ client, signal }: Cast): Given =>
    client.exchangeBind({ destination: 'amq.fanout', source: 'amq.direct', signal }),
  exchangeUnbind: ({ client, signal }: Cast): Given =>
    client.exchangeUnbind({ destination: 'amq.fanout', source: 'amq.direct', signal }),
  basicPublish: ({ client, signal }: Cast): Given => client.basicPublish({ routingKey: 'other', body: 'x', signal }),
  mandatory: ({ client, signal }: Cast): Given =>
    client.basicPublish({ routingKey: 'nowhere', body: 'x', mandatory: true, signal }),
  basicGet: ({ client, signal }: Cast): Given => client.basicGet({ queue: 'other', signal }),
  basicConsume: ({ client, signal }: Cast): Given => client.basicConsume({ queue: 'other', signal }),
  basicConsumeMulti: ({ client, signal }: Cast): Given =>
    client.basicConsumeMulti({ queues: ['other', 'gone'], signal }),
  basicQos: ({ client, consumer, signal }: Cast): Given => client.basicQos(consumer, { prefetchCount: 7, signal }),
  basicCancel: ({ client, consumer }: Cast): Given => client.basicCancel(consumer),
  drained: ({ client }: Cast): Given => client.drained(),
  ack: ({ message }: Cast): Given => message.ack(),
  reject: ({ message }: Cast): Given => message.reject(),
  nack: ({ message }: Cast): Given => message.nack(),
} as const;
type Call = keyof typeof operations;
const calls = Object.keys(operations) as Call[];

const brokerMethods = {
  queueDeclare: 'queue.declare',
  passive: 'queue.declare',
  queueDelete: 'queue.delete',
  queuePurge: 'queue.purge',
  queueBind: 'queue.bind',
  queueUnbind: 'queue.unbind',
  exchangeDeclare: 'exchange.declare',
  exchangeDelete: 'exchange.delete',
  exchangeBind: 'exchange.bind',
  exchangeUnbind: 'exchange.unbind',
  basicPublish: 'basic.publish',
  mandatory: 'basic.publish',
  basicGet: 'basic.get',
  basicConsume: 'basic.consume',
  basicConsumeMulti: 'basic.consume',
} as const;

/** Brings a client to a stage. */
async function reach(scene: Scene, stage: Stage): Promise<Cast & { readonly abort: () => void }> {
  const client = await scene.connected();
  client.on('unobserved', () => {});
  client.on('notRestored', () => {});
  for (const queue of ['q', 'other', 'gone']) await run(scene, client.queueDeclare({ queue }));
  await run(scene, client.exchangeDeclare({ exchange: 'gone' }));
  await run(scene, client.basicPublish({ routingKey: 'q', body: 'first' }));
  const messages: Message[] = [];
  const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 }, (_error, message) => {
    if (message !== undefined) messages.push(message);
  });
  await scene.settle();
  const [message] = messages;
  if (message === undefined) throw new Error('nothing was delivered');
  const controller = new AbortController();
  await bring(scene, client, stage);
  expect(stageOf(client)).toBe(stage);
  return { client, consumer, message, signal: controller.signal, abort: () => controller.abort() };
}

async function bring(scene: Scene, client: Client, stage: Stage): Promise<void> {
  const { broker } = scene;
  switch (stage) {
    case 'connected':
      return;
    case 'idle':
      await run(scene, client.close());
      return;
    case 'connecting':
      await run(scene, client.close());
      broker.faults.delayReplies('connection.open', 3000, { times: 1 });
      client.connect();
      await scene.settle();
      return;
    case 'closing':
      broker.faults.delayReplies('connection.close', 3000, { times: 1 });
      client.close();
      await scene.settle();
      return;
    case 'waiting':
      broker.faults.dropConnections();
      await scene.settle();
      return;
    case 'reaching':
      broker.faults.delayReplies('connection.open', 3000, { times: 1 });
      broker.faults.dropConnections();
      await scene.settle();
      await scene.advance(100);
      return;
    case 'restoring':
      broker.faults.delayReplies('queue.declare', 3000, { times: 1 });
      broker.faults.dropConnections();
      await scene.settle();
      await scene.advance(100);
  }
}

async function run<Result>(scene: Scene, operation: Operation<Result>): Promise<Result> {
  await scene.settle();
  return operation;
}

function stageOf({ state, recovery }: Client): string {
  return state === 'recovering' ? recovery.phase : state;
}

async function follow(scene: Scene, call: Call, end: End, { client, abort }: Cast & { abort: () => void }) {
  const { broker } = scene;
  const method = (brokerMethods as Partial<Record<Call, (typeof brokerMethods)[keyof typeof brokerMethods]>>)[call];
  switch (end) {
    case 'cut':
      broker.faults.dropConnections();
      break;
    case 'refuse':
      // Those that the call itself sends; what is made again by recovery has its own tests.
      if (method !== undefined) {
        const isMeant = ({ queue, exchange, routingKey }: Record<string, unknown>): boolean =>
          ['new', 'other', 'e'].includes(`${queue}`) || ['e', 'gone'].includes(`${exchange}`) || routingKey === 'other';
        broker.faults.refuse(method, { code: 403, match: (sent) => isMeant(sent as never) });
      }
      break;
    case 'close':
      client.close();
      break;
    case 'abort':
      abort();
      break;
    case 'nothing further':
      break;
  }
  await scene.settle();
  await scene.advance(70_000);
  // Whatever still waits ends with the client.
  const closing = client.close();
  await scene.advance(20_000);
  await closing;
}

/** What a call that needs a connection may end with. */
function allowed(stage: Stage, end: End): RegExp {
  if (stage === 'idle' || stage === 'connecting') return /^(USAGE_ERROR|AbortError)/;
  if (stage === 'closing') return /^(USAGE_ERROR|CONNECTION_BROKEN not-sent|AbortError)/;
  switch (end) {
    case 'nothing further':
      return /^(fulfilled|NO_ROUTE)/;
    case 'cut':
      return /^(fulfilled|NO_ROUTE|CONNECTION_BROKEN unknown)/;
    case 'refuse':
      return /^(fulfilled|NO_ROUTE|ACCESS_REFUSED)/;
    case 'close':
      return /^(fulfilled|NO_ROUTE|CONNECTION_BROKEN)/;
    case 'abort':
      return /^(fulfilled|NO_ROUTE|AbortError|ABORT_ERR|20)/;
  }
}

const alwaysFulfilled: ReadonlySet<Call> = new Set(['close', 'shutdown', 'drained', 'basicCancel']);

let scene: Scene;

describe('every state is reached by the table', () => {
  it('and no stage is forgotten', () => {
    const reached = stages.map((stage) =>
      ['waiting', 'reaching', 'restoring'].includes(stage) ? 'recovering' : (stage as ClientState),
    );
    expect(new Set(reached)).toEqual(new Set(clientStates));
  });
});

describe.each(stages)('while %s', (stage) => {
  it.each(ends)('every call settles, and %s follows', async (end) => {
    const wrong: string[] = [];
    for (const call of calls) {
      scene = await Scene.start();
      const cast = await reach(scene, stage);
      const given = operations[call](cast);
      await follow(scene, call, end, cast);
      await scene.settle();
      const got = outcomeOf(given);
      if (!isRight(call, stage, end, got)) wrong.push(`${call}: ${got}`);
      const { client } = cast;
      const left = { state: client.state, sockets: scene.sockets, timers: scene.timers };
      if (client.state !== 'idle' || scene.sockets !== 0 || scene.timers !== 0)
        wrong.push(`${call} leaves ${JSON.stringify(left)}`);
      if (scene.warnings.length > 0) wrong.push(`${call} warns: ${scene.warnings.join(' ')}`);
      await scene.broker.stop();
    }
    expect(wrong).toEqual([]);
  });
});

function outcomeOf(given: Given): string {
  if (typeof given === 'boolean') return String(given);
  return endOf('ready' in given ? given.ready : given);
}

function isRight(call: Call, stage: Stage, end: End, got: string): boolean {
  if (['ack', 'reject', 'nack'].includes(call)) return got === String(stage === 'connected');
  if (alwaysFulfilled.has(call)) return got === 'fulfilled';
  if (call === 'connect') return got !== 'pending';
  return allowed(stage, end).test(got);
}
