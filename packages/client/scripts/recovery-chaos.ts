/**
 * Publishers and consumers under random faults on a private RabbitMQ, for minutes; then counts: confirmed, lost,
 * duplicates, promises open, consumers short. All but the first and the duplicates are 0 unless there is a fault.
 * `tsx --conditions=puka:source scripts/recovery-chaos.ts [minutes] [publishers] [consumers] [seed]`
 */
import { type Broker, faultProxy, launchBroker, waitFor } from '@puka/testkit';
import { Client } from '../src/index.ts';

const [minutes = 2, publishers = 5, consumers = 5, seed = 1] = process.argv.slice(2).map(Number);
const recover = { minDelay: 100, maxDelay: 2000 };
const queues = Array.from({ length: consumers }, (_, index) => `chaos.${index}`);
const prefetchCount = 20;
const openEach = 10;

/** Numerical Recipes' generator, so that a seed gives the same faults. */
let state = seed >>> 0;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const broker: Broker = await launchBroker();
const proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
const url = proxy.urlFor(broker.url);
const confirmed = new Set<string>();
const received = new Set<string>();
const counts = { open: 0, rejected: 0, duplicates: 0, recoveries: 0, consumersEnded: 0, closed: 0, unobserved: 0 };
const faultCounts: Record<string, number> = {};
const notRestored = new Set<string>();
const problems: string[] = [];
let isOn = true;

function problem(what: string, error: unknown): void {
  if (problems.length < 20) problems.push(`${what}: ${String(error)}`);
}

async function connected(): Promise<Client> {
  const client = new Client(url, { recover, heartbeat: 2 });
  await client.connect();
  client.on('connected', () => {
    counts.recoveries++;
  });
  client.on('closed', (error) => {
    if (!isOn) return;
    counts.closed++;
    problem('closed', error);
  });
  client.on('unobserved', (error) => {
    counts.unobserved++;
    problem('unobserved', error);
  });
  client.on('notRestored', (error, entity, isRetrying) =>
    notRestored.add(`${entity.kind} ${error.code}${isRetrying ? ', tried again' : ''}`),
  );
  return client;
}

async function publish(client: Client, publisher: number, worker: number): Promise<void> {
  for (let number = 0; isOn; number++) {
    const body = `${publisher}.${worker}.${number}`;
    const routingKey = queues[number % queues.length] ?? '';
    counts.open++;
    try {
      await client.basicPublish({ routingKey, body, deliveryMode: 2, mandatory: true });
      confirmed.add(body);
    } catch (error) {
      counts.rejected++;
      problem('publish', error);
    }
    counts.open--;
    await pause(20);
  }
}

async function consume(queue: string): Promise<Client> {
  const client = await connected();
  await client.queueDeclare({ queue, durable: true });
  const consumer = client.basicConsume({ queue, prefetchCount }, (error, message) => {
    if (error !== undefined || message === undefined) {
      counts.consumersEnded++;
      problem('consumer', error);
      return;
    }
    const id = message.text();
    if (received.has(id)) counts.duplicates++;
    received.add(id);
    message.ack();
  });
  await consumer.ready;
  return client;
}

const faults: Readonly<Record<string, () => Promise<void>>> = {
  reset: async () => proxy.reset(),
  end: async () => proxy.close(),
  drop: async () => {
    proxy.dropAfter(between(1, 5000), random() < 0.5 ? 'clientToServer' : 'serverToClient');
    await pause(between(100, 2000));
    await proxy.restore();
  },
  refuse: async () => {
    await proxy.refuse();
    proxy.reset();
    await pause(between(100, 3000));
    await proxy.restore();
  },
  silence: async () => {
    const where = (['clientToServer', 'serverToClient', 'both'] as const)[between(0, 2)] ?? 'both';
    proxy.blackHole(where);
    await pause(between(500, 9000));
    await proxy.restore();
  },
  operator: () => broker.closeAllConnections(),
  alarm: async () => {
    await broker.setMemoryAlarm('on');
    await pause(between(500, 3000));
    if (random() < 0.5) proxy.reset();
    await pause(between(500, 3000));
    await broker.setMemoryAlarm('off');
  },
  kill: async () => {
    await broker.kill();
    await broker.restart();
  },
  restart: () => broker.restart(),
};

/** The rare ones take long. */
const plan = ['reset', 'reset', 'end', 'drop', 'drop', 'refuse', 'silence', 'silence', 'operator', 'operator', 'alarm'];

async function disturb(untilMs: number): Promise<void> {
  const names = [...plan, 'kill', 'restart'];
  while (performance.now() < untilMs) {
    const name = names[between(0, names.length - 1)] ?? 'reset';
    faultCounts[name] = (faultCounts[name] ?? 0) + 1;
    await faults[name]?.();
    await pause(between(100, 4000));
  }
}

/** The subscriptions of each queue with the right prefetch count, as the broker knows them. */
async function subscriptions(): Promise<Map<string, number>> {
  const rows: unknown = JSON.parse(
    await broker.ctl('--quiet', '--formatter', 'json', 'list_consumers', 'queue_name', 'prefetch_count'),
  );
  const found = new Map<string, number>();
  for (const { queue_name: name, prefetch_count: limit } of Array.isArray(rows) ? rows : []) {
    if (limit === prefetchCount) found.set(String(name), (found.get(String(name)) ?? 0) + 1);
  }
  return found;
}

const consuming = await Promise.all(queues.map(consume));
const publishing = await Promise.all(Array.from({ length: publishers }, connected));
const workers = publishing.flatMap((client, publisher) =>
  Array.from({ length: openEach }, (_, worker) => publish(client, publisher, worker)),
);
await disturb(performance.now() + minutes * 60_000);
await proxy.restore();
await broker.setMemoryAlarm('off');
const clients = [...consuming, ...publishing];
await waitFor(() => clients.every((client) => client.state === 'connected')).catch((error) => problem('end', error));
isOn = false;
await waitFor(() => counts.open === 0).catch((error) => problem('end', error));
if (counts.open === 0) await Promise.all(workers);
const lost = (): string[] => [...confirmed].filter((id) => !received.has(id));
await waitFor(() => lost().length === 0).catch(() => {});
let found = new Map<string, number>();
// The broker may take a while to see connections that are gone.
await waitFor(async () => {
  found = await subscriptions();
  return queues.every((queue) => found.get(queue) === 1);
}).catch(() => {});
const consumersShort = queues.filter((queue) => found.get(queue) !== 1);
const messagesLeft = (await broker.listQueues()).reduce((sum, { messages }) => sum + messages, 0);
console.log(
  JSON.stringify({
    ...{ seed, minutes, confirmed: confirmed.size, lost: lost().length, ...counts },
    consumersShort: consumersShort.length,
    messagesLeft,
    faults: faultCounts,
    notRestored: [...notRestored],
    problems,
  }),
);
await Promise.all(clients.map((client) => client.close()));
await proxy.stop();
await broker.stop();
const isGood = lost().length + counts.open + counts.closed + counts.consumersEnded + consumersShort.length === 0;
process.exitCode = isGood ? 0 : 1;
