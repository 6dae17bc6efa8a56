/**
 * What recovery costs, on a private RabbitMQ: the replay of many entities against the same methods over a bare session, the
 * first delivery after a cut, and the memory that the record takes. Prints medians.
 * `tsx --conditions=puka:source scripts/recovery-bench.ts [rounds] [entities]`
 */
import { createConnection } from 'node:net';
import { type Broker, collectGarbage, faultProxy, launchBroker } from '@puka/testkit';
import type { FieldTableInput, MethodInput } from '@puka/wire';
import { Client } from '../src/index.ts';
import { Session, type SessionChannel } from '../src/session/index.ts';
import { DeclaredTopology } from '../src/topology/declared-topology.ts';

const [rounds = 5, entities = 10_000] = process.argv.slice(2).map(Number);
/** Of 20 entities: one exchange, nine queues, nine bindings, one consumer. */
const count = { exchanges: entities / 20, queues: (entities / 20) * 9, consumers: entities / 20 };
const exchangeNames = Array.from({ length: count.exchanges }, (_, index) => `bench.exchange.${index}`);
const queueNames = Array.from({ length: count.queues }, (_, index) => `bench.queue.${index}`);
const exchangeOf = (index: number): string => exchangeNames[index % exchangeNames.length] ?? '';
const bareChannels = 16;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
const rounded = (value: number): number => Math.round(value * 10) / 10;

/** The methods of a replay, step by step. */
function* stepsOfReplay(): Iterable<readonly MethodInput[]> {
  yield exchangeNames.map((exchange) => ({
    type: 'exchange.declare',
    exchange,
    exchangeType: 'direct',
    durable: true,
  }));
  yield queueNames.map((queue) => ({ type: 'queue.declare', queue, durable: true }));
  yield queueNames.map((queue, index) => ({
    type: 'queue.bind',
    queue,
    exchange: exchangeOf(index),
    routingKey: queue,
  }));
  yield queueNames.slice(0, count.consumers).flatMap((queue) => [
    { type: 'basic.qos', prefetchCount: 10 },
    { type: 'basic.consume', queue, consumerTag: queue },
  ]);
}

/** Connects, sends the methods of a replay over some channels, and closes. @returns milliseconds until all was answered. */
async function bare(where: { readonly host: string; readonly port: number }): Promise<number> {
  const startedMs = performance.now();
  const socket = createConnection(where);
  let whenOpened: () => void = () => {};
  let whenBroken: (error: unknown) => void = () => {};
  const hasOpened = new Promise<void>((resolve, reject) => {
    whenOpened = resolve;
    whenBroken = reject;
  });
  const session = new Session(
    { username: 'guest', password: 'guest' },
    {
      opened: () => whenOpened(),
      blocked: () => {},
      unblocked: () => {},
      outputWaiting: () => {},
      closed: (error) => (error === undefined ? socket.destroy() : whenBroken(error)),
    },
  );
  const flush = (): void => {
    for (const chunk of session.takeOutput(performance.now())) socket.write(chunk);
  };
  socket.on('data', (bytes) => {
    session.receive(bytes, performance.now());
    flush();
  });
  socket.once('error', (error) => whenBroken(error));
  socket.once('connect', () => {
    session.connect(performance.now());
    flush();
  });
  await hasOpened;
  const sink = { content: () => false, confirmed: () => {}, consumerCancelled: () => {}, closed: () => {} };
  const channels: SessionChannel[] = [];
  for (let index = 0; index < bareChannels; index++) {
    const channel = session.openChannel(sink, () => {});
    if (channel !== undefined) channels.push(channel);
  }
  for (const methods of stepsOfReplay()) {
    await new Promise<void>((resolve, reject) => {
      let left = methods.length;
      for (const [index, method] of methods.entries()) {
        channels[index % channels.length]?.request(method, (_reply, error) => {
          if (error !== undefined) reject(error);
          else if (--left === 0) resolve();
        });
      }
      flush();
    });
  }
  const tookMs = performance.now() - startedMs;
  const hasClosed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  session.close(performance.now());
  flush();
  await hasClosed;
  return tookMs;
}

/** Milliseconds from the beginning of the attempt to the gate, and to the last consumer. */
async function recovered(
  client: Client,
  broker: Broker,
  cut: () => void,
): Promise<{ gateMs: number; consumersMs: number }> {
  let delayMs = 0;
  client.once('recovering', (planned) => {
    delayMs = planned.delayMs;
  });
  const lostMs = performance.now();
  const back = new Promise<void>((resolve) => client.once('connected', () => resolve()));
  cut();
  await back;
  const gateMs = performance.now() - lostMs - delayMs;
  const text = `length(rabbit_amqqueue:consumers_all(<<"/">>))`;
  while (Number(await broker.evaluate(text)) < count.consumers) await new Promise((resolve) => setTimeout(resolve, 20));
  return { gateMs, consumersMs: performance.now() - lostMs - delayMs };
}

async function declareAll(client: Client): Promise<void> {
  await Promise.all(exchangeNames.map((exchange) => client.exchangeDeclare({ exchange, durable: true })));
  await Promise.all(queueNames.map((queue) => client.queueDeclare({ queue, durable: true })));
  await Promise.all(
    queueNames.map((queue, index) => client.queueBind({ queue, exchange: exchangeOf(index), routingKey: queue })),
  );
  const consumers = queueNames
    .slice(0, count.consumers)
    .map((queue) => client.basicConsume({ queue, consumerTag: queue, prefetchCount: 10 }, () => {}));
  await Promise.all(consumers.map(({ ready }) => ready));
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Bytes that the record takes for an entity. */
function recordBytes(): number {
  const record = new DeclaredTopology(entities * 2, { recordFull: () => {}, now: () => 0, queueLeft: () => {} });
  const text = (value: string): string => Buffer.from(value).toString();
  const table: FieldTableInput = { 'x-max-length': 1000 };
  const before = heapBytes();
  for (const exchange of exchangeNames) {
    record.apply({
      type: 'declare',
      entity: { kind: 'exchange', options: { exchange: text(exchange), durable: true } },
    });
  }
  for (const [index, name] of queueNames.entries()) {
    const queue = text(name);
    const options = { queue, durable: true, arguments: { ...table } };
    record.apply({ type: 'declare', entity: { kind: 'queue', queue, options } });
    const ends = { destinationKind: 'queue', destination: queue, source: text(exchangeOf(index)) } as const;
    record.apply({ type: 'bind', entity: { kind: 'binding', ...ends, routingKey: queue, arguments: undefined } });
  }
  const bytes = heapBytes() - before;
  return bytes / record.size;
}

const broker = await launchBroker();
const proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
const recover = { minDelay: 100, maxDelay: 100 };
const client = new Client(proxy.urlFor(broker.url), { recover });
await client.connect();
const beforeDeclares = heapBytes();
await declareAll(client);
const afterDeclares = heapBytes();
const results: Record<string, number> = { entities, rounds };
for (const latency of [0, 50]) {
  const gates: number[] = [];
  const consumers: number[] = [];
  const bares: number[] = [];
  const peaks: number[] = [];
  proxy.latency(latency);
  for (let round = 0; round < (latency === 0 ? rounds : Math.min(rounds, 3)); round++) {
    // Interleaved, so that both meet the same machine.
    bares.push(await bare({ host: proxy.host, port: proxy.port }));
    const before = heapBytes();
    const took = await recovered(client, broker, () => proxy.reset());
    peaks.push(process.memoryUsage().heapUsed - before);
    gates.push(took.gateMs);
    consumers.push(took.consumersMs);
  }
  results[`replay to the gate, ms, latency ${latency}`] = rounded(median(gates));
  results[`replay with all consumers, ms, latency ${latency}`] = rounded(median(consumers));
  results[`bare session over ${bareChannels} channels, ms, latency ${latency}`] = rounded(median(bares));
  results[`memory after the replay, MiB, latency ${latency}`] = rounded(median(peaks) / 2 ** 20);
}
proxy.latency(0);
results['heap of client and record, bytes an entity'] = Math.round((afterDeclares - beforeDeclares) / entities);
await client.close();
results['record, bytes an entity'] = Math.round(recordBytes());

/** The first delivery after a cut of the connection alone, beyond the delay of the attempt. */
const small = new Client(proxy.urlFor(broker.url), { recover });
await small.connect();
const queues = queueNames.slice(0, 5);
for (const [index, queue] of queues.entries()) {
  await small.queueDeclare({ queue, durable: true });
  await small.queueBind({ queue, exchange: exchangeOf(index), routingKey: queue });
}
let delivered: () => void = () => {};
await small.basicConsume({ queue: queues[0] ?? '', prefetchCount: 1 }, (_error, message) => {
  message?.ack();
  delivered();
}).ready;
const feeder = new Client(broker.url);
await feeder.connect();
const firsts: number[] = [];
for (let round = 0; round < rounds * 4; round++) {
  let delayMs = 0;
  small.once('recovering', (planned) => {
    delayMs = planned.delayMs;
  });
  const lost = new Promise<void>((resolve) => small.once('disconnected', () => resolve()));
  proxy.reset();
  await lost;
  const lostMs = performance.now();
  const first = new Promise<void>((resolve) => {
    delivered = resolve;
  });
  await feeder.basicPublish({ routingKey: queues[0] ?? '', body: 'first' });
  await first;
  firsts.push(performance.now() - lostMs - delayMs);
}
results['first delivery after a cut, ms beyond the delay'] = rounded(median(firsts));
await Promise.all([small.close(), feeder.close()]);
for (const [name, value] of Object.entries(results)) console.log(`${name}: ${value}`);
await proxy.stop();
await broker.stop();
