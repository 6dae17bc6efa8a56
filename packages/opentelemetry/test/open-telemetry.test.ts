import { createContext, runInContext } from 'node:vm';
import {
  context,
  type DiagLogger,
  diag,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { Client, type ClientOptions, type Message } from '@puka/client';
import { openTelemetry } from '@puka/opentelemetry';
import { startBroker } from '@puka/testing';
import { startWorker } from '@puka/worker';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { register, telemetry } from './telemetry.ts';

let unregister = (): void => {};
beforeAll(() => {
  unregister = register();
});
afterAll(() => unregister());

async function scene(options: Parameters<typeof telemetry>[0] = {}, clientOptions: ClientOptions = {}) {
  const broker = await startBroker({ listen: false });
  const made = telemetry(options);
  const client = new Client('amqp://', {
    transport: broker.transport(),
    diagnostics: made.listener,
    recover: false,
    ...clientOptions,
  });
  client.on('unobserved', () => {});
  await client.connect();
  await client.queueDeclare({ queue: 'jobs', durable: true });
  onTestFinished(async () => {
    await client.close();
    await broker.stop();
    await made.stop();
  });
  const publish = (...bodies: string[]) =>
    Promise.all(bodies.map((body) => client.basicPublish({ routingKey: 'jobs', body })));
  return { broker, client, publish, ...made };
}

const server = 'server.address=localhost server.port=5672';

describe('a publisher and a worker', () => {
  it('make one tree of spans, and metrics, as the conventions say', async () => {
    const { client, tree, points, spans, tracer } = await scene({}, { connectionName: 'shop' });
    const worker = await startWorker(client, { queue: 'jobs', concurrency: 2 }, async (job) => {
      // What a handler publishes is below its span.
      await client.basicPublish({ exchange: 'amq.topic', routingKey: 'order.paid', body: job.body });
    });
    const done = new Promise<void>((resolve) => worker.on('done', () => resolve()));
    const handling = tracer.startSpan('POST /orders');
    await context.with(trace.setSpan(context.active(), handling), () =>
      client.basicPublish({ routingKey: 'jobs', body: 'x', messageId: 'm-1', correlationId: 'c-1' }),
    );
    handling.end();
    await done;
    await worker.stop();
    expect(tree()).toEqual([
      'POST /orders INTERNAL',
      '  publish jobs PRODUCER',
      '    process jobs CONSUMER → publish jobs',
      '      ack jobs CLIENT → publish jobs',
      '      publish amq.topic PRODUCER',
    ]);
    const [publish, forwarded, process, ack] = ['publish jobs', 'publish amq.topic', 'process jobs', 'ack jobs'].map(
      (name) => spans().find((span) => span.name === name)?.attributes,
    );
    const common = {
      ...{ 'messaging.system.name': 'rabbitmq', 'messaging.client.id': 'shop' },
      ...{ 'server.address': 'localhost', 'server.port': 5672 },
    };
    const ofMessage = {
      ...{ 'messaging.message.id': 'm-1', 'messaging.message.conversation_id': 'c-1' },
      ...{ 'messaging.destination.name': 'jobs', 'rabbitmq.destination.routing_key': 'jobs' },
    };
    const operation = (name: string, type: string) => ({
      ...{ 'messaging.operation.name': name, 'messaging.operation.type': type },
    });
    expect(publish).toEqual({ ...common, ...ofMessage, ...operation('publish', 'send') });
    expect(process).toEqual({
      ...{ ...common, ...ofMessage, ...operation('process', 'process'), 'rabbitmq.message.delivery_tag': 1 },
    });
    expect(ack).toEqual({ ...common, ...ofMessage, ...operation('ack', 'settle'), 'rabbitmq.message.delivery_tag': 1 });
    expect(forwarded).toEqual({
      ...{ ...common, ...operation('publish', 'send'), 'messaging.destination.name': 'amq.topic:order.paid' },
      'rabbitmq.destination.routing_key': 'order.paid',
    });
    const system = 'messaging.system.name=rabbitmq';
    const of = (destination: string, name: string, type: string): string =>
      `messaging.destination.name=${destination} messaging.operation.name=${name} messaging.operation.type=${type} ${system} ${server}: 1`;
    const metrics = await points();
    const sent = [of('amq.topic', 'publish', 'send'), of('jobs', 'publish', 'send')];
    expect([...metrics.keys()].sort()).toEqual([
      ...['messaging.client.consumed.messages {message}', 'messaging.client.operation.duration s'],
      ...['messaging.client.sent.messages {message}', 'messaging.process.duration s'],
      ...['puka.client.channels {channel}', 'puka.client.connections {connection}'],
    ]);
    expect(metrics.get('messaging.client.sent.messages {message}')).toEqual(sent);
    expect(metrics.get('messaging.client.operation.duration s')).toEqual(sent);
    expect(metrics.get('messaging.client.consumed.messages {message}')).toEqual([of('jobs', 'deliver', 'process')]);
    expect(metrics.get('messaging.process.duration s')).toEqual([of('jobs', 'process', 'process')]);
    expect(metrics.get('puka.client.connections {connection}')).toEqual([`${system} ${server}: 1`]);
    await client.close();
    const after = await points();
    expect(after.get('puka.client.connections {connection}')).toEqual([`${system} ${server}: 0`]);
    expect(after.get('puka.client.channels {channel}')).toEqual([`${system} ${server}: 0`]);
  });

  it('stay in one trace when a job comes again', async () => {
    const { client, publish, tree } = await scene();
    let attempts = 0;
    const worker = await startWorker(client, { queue: 'jobs', delay: 1 }, () => {
      if (++attempts === 1) throw new Error('no');
    });
    const done = new Promise<void>((resolve) => worker.on('done', () => resolve()));
    await publish('x');
    await done;
    await worker.stop();
    expect(tree()).toEqual([
      'publish jobs PRODUCER',
      '  process jobs CONSUMER → publish jobs',
      '    ack jobs CLIENT → publish jobs',
      '  process jobs CONSUMER → publish jobs ERROR Error',
      '    ack jobs CLIENT → publish jobs',
      '  publish jobs.retry.1 CLIENT → publish jobs',
    ]);
  });
});

describe('messages that come', () => {
  it('to a worker in batches have one span with a link for each', async () => {
    const { client, publish, tree, spans } = await scene();
    const worker = await startWorker(client, { queue: 'jobs', batch: { size: 2, wait: 1000 } }, () => {});
    const done = new Promise<void>((resolve) =>
      worker.on('done', (_delivery, _ms) => worker.stats.done === 2 && resolve()),
    );
    await publish('a', 'b');
    await done;
    await worker.stop();
    expect(tree()).toEqual([
      'process jobs CONSUMER → publish jobs, publish jobs',
      '  ack jobs CLIENT → publish jobs',
      '  ack jobs CLIENT → publish jobs',
      ...['publish jobs PRODUCER', 'publish jobs PRODUCER'],
    ]);
    const batch = spans().find(({ name }) => name === 'process jobs');
    expect(batch?.attributes).toMatchObject({
      'messaging.batch.message_count': 2,
      'messaging.destination.name': 'jobs',
    });
  });

  it('to a basicGet have a span that links to the publish', async () => {
    const { client, publish, tree, spans } = await scene();
    await publish('x');
    const message = await client.basicGet({ queue: 'jobs' });
    if (message !== null) await client.process(message, () => message.ack());
    expect(await client.basicGet({ queue: 'jobs' })).toBeNull();
    expect(tree()).toEqual([
      ...['get jobs CLIENT', 'get jobs CLIENT → publish jobs', 'publish jobs PRODUCER'],
      ...['  process jobs CONSUMER → publish jobs', '    ack jobs CLIENT → publish jobs'],
    ]);
    const get = spans().find(({ name, links }) => name === 'get jobs' && links.length > 0);
    expect(get?.attributes).toMatchObject({
      'messaging.operation.type': 'receive',
      'rabbitmq.message.delivery_tag': 1,
    });
  });

  it('to a loop have a span for its body, whose context process() gives', async () => {
    const { client, publish, tree, tracer } = await scene();
    await publish('x');
    for await (const message of client.basicConsume({ queue: 'jobs' })) {
      client.process(message, () => tracer.startSpan('work').end());
      message.ack();
      break;
    }
    expect(tree()).toEqual([
      ...['publish jobs PRODUCER', '  process jobs CONSUMER → publish jobs'],
      ...['    ack jobs CLIENT → publish jobs', '    work INTERNAL'],
    ]);
  });

  it('to a callback that fails have a span that says so', async () => {
    const { client, publish, tree, spans, points } = await scene({ settleSpans: false });
    const failed = new Promise((resolve) => client.once('unobserved', resolve));
    client.basicConsume({ queue: 'jobs' }, async (_error, message) => {
      message?.reject({ requeue: false });
      await Promise.reject(new RangeError('too much'));
    });
    await publish('x');
    await failed;
    expect(tree()).toEqual(['publish jobs PRODUCER', '  process jobs CONSUMER → publish jobs ERROR RangeError']);
    expect(spans().at(-1)?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'too much' });
    expect((await points()).get('messaging.process.duration s')?.[0]).toContain('error.type=RangeError');
  });

  it('within an active span are below that, and link to the publish', async () => {
    const { client, publish, tree, tracer } = await scene();
    await publish('x');
    const message = await client.basicGet({ queue: 'jobs', noAck: true });
    const cron = tracer.startSpan('cron');
    context.with(trace.setSpan(ROOT_CONTEXT, cron), () => client.process(message as Message, () => {}));
    cron.end();
    expect(tree()).toEqual([
      ...['cron INTERNAL', '  process jobs CONSUMER → publish jobs'],
      ...['get jobs CLIENT → publish jobs', 'publish jobs PRODUCER'],
    ]);
  });

  it("bring the publisher's baggage to the work on them", async () => {
    const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
    const { client } = await scene({ propagator: new CompositePropagator({ propagators }) });
    const seen = new Promise<unknown>((resolve) =>
      client.basicConsume({ queue: 'jobs', noAck: true }, () =>
        resolve(propagation.getActiveBaggage()?.getEntry('tenant')?.value),
      ),
    );
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
      client.basicPublish({ routingKey: 'jobs', body: 'x' }),
    );
    expect(await seen).toBe('acme');
  });

  it("with parent: 'none' begin a trace of their own, and link to the publish", async () => {
    const { client, publish, tree } = await scene({ parent: 'none' });
    const come = new Promise<void>((resolve) => client.basicConsume({ queue: 'jobs', noAck: true }, () => resolve()));
    await publish('x');
    await come;
    expect(tree()).toEqual(['process jobs CONSUMER → publish jobs', 'publish jobs PRODUCER']);
  });

  it('without a context, or with headers that cannot be read, begin a trace', async () => {
    const { broker, client, tree } = await scene();
    const come = new Promise<void>((resolve) =>
      client.basicConsume({ queue: 'jobs', noAck: true }, (_error, message) => {
        if (message?.text() === 'last') resolve();
      }),
    );
    broker.publish({ routingKey: 'jobs', body: 'x' });
    broker.publish({ routingKey: 'jobs', body: 'last', headers: { traceparent: 5 } });
    await come;
    expect(tree()).toEqual(['process jobs CONSUMER', 'process jobs CONSUMER']);
  });
});

describe('publishes', () => {
  it('that fail have an error type, and are counted with it', async () => {
    const { client, tree, points } = await scene();
    await client.basicPublish({ routingKey: 'nowhere', mandatory: true }).catch(() => {});
    await client.basicPublish({ routingKey: 'x'.repeat(300) }).catch(() => {});
    expect(tree()).toEqual([
      'publish nowhere PRODUCER ERROR NO_ROUTE',
      `publish ${'x'.repeat(300)} PRODUCER ERROR USAGE_ERROR`,
    ]);
    const sent = (await points()).get('messaging.client.sent.messages {message}');
    expect(sent?.map((point) => /error\.type=(\w+)/.exec(point)?.[1])).toEqual(['NO_ROUTE', 'USAGE_ERROR']);
  });

  it('and their work have spans that end even if the propagator throws, and continue without a context', async () => {
    const errors: unknown[] = [];
    const logger = { error: (...values: unknown[]) => errors.push(...values) } as Partial<DiagLogger> as DiagLogger;
    diag.setLogger(logger, { suppressOverrideMessage: true });
    onTestFinished(() => diag.disable());
    const fail = (): never => {
      throw new Error('no propagation');
    };
    const { client, publish, tree, points } = await scene({
      propagator: { inject: fail, extract: fail, fields: () => [] },
    });
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push(error));
    const come = new Promise<void>((resolve) => client.basicConsume({ queue: 'jobs', noAck: true }, () => resolve()));
    await publish('x');
    await come;
    expect(tree()).toEqual(['process jobs CONSUMER', 'publish jobs PRODUCER']);
    expect((await points()).get('messaging.process.duration s')).toHaveLength(1);
    expect(errors).toContainEqual(new Error('no propagation'));
    expect(unobserved).toEqual([]);
  });

  it('that are copies keep the context in a Map of another realm', async () => {
    const { client, spans } = await scene();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = runInContext(
      `new Map([['traceparent', '00-${traceId}-b7ad6b7169203331-01']])`,
      createContext(),
    ) as Map<string, string>;
    await client.basicPublish({ routingKey: 'jobs', body: 'x', headers });
    expect(spans()[0]?.spanContext().traceId).toBe(traceId);
  });

  it('carry the context by another propagator where one is given', async () => {
    const propagator = {
      inject: (
        _context: unknown,
        carrier: unknown,
        setter: { set(carrier: unknown, name: string, value: string): void },
      ) => setter.set(carrier, 'x-own', 'here'),
      extract: <Given>(given: Given) => given,
      fields: () => ['x-own'],
    };
    const { client, publish } = await scene({ propagator });
    await publish('x');
    const message = await client.basicGet({ queue: 'jobs', noAck: true });
    expect({ ...message?.headers }).toEqual({ 'x-own': 'here' });
  });
});

it('finds an SDK that is registered after it, for metrics too', async () => {
  const listener = openTelemetry();
  const { meterProvider, points } = telemetry();
  metrics.setGlobalMeterProvider(meterProvider);
  onTestFinished(() => metrics.disable());
  const { publish } = await scene({}, { diagnostics: listener });
  await publish('x');
  expect((await points()).get('messaging.client.sent.messages {message}')).toHaveLength(1);
});

it('without an SDK it does nothing, and nothing goes wrong', async () => {
  const { client: other } = await scene();
  const broker = await startBroker({ listen: false });
  const client = new Client('amqp://', { transport: broker.transport(), diagnostics: openTelemetry() });
  await client.connect();
  await client.queueDeclare({ queue: 'jobs' });
  await client.basicPublish({ routingKey: 'jobs', body: 'x' });
  const message = await client.basicGet({ queue: 'jobs' });
  message?.ack();
  expect(message?.text()).toBe('x');
  await client.close();
  await broker.stop();
  expect(other.state).toBe('connected');
});
