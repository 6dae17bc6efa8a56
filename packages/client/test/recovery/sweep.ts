/** One conversation, cut at a byte of one direction, and the next connection once more. Says what went wrong. */
import type { Client } from '../../src/client.ts';
import type { Operation } from '../../src/operations/operation.ts';
import { endOf, Scene } from './scene.ts';

/** Where a conversation is cut. */
export interface Cut {
  readonly from: 'broker' | 'client';
  /** Bytes of the first connection, its handshake among them. */
  readonly bytes: number;
  /** Bytes of the connection after it; `undefined` lets that one live. */
  readonly againAfter?: number | undefined;
}

/** What became of a conversation. */
export interface Swept {
  /** Whether the first connection lived long enough for the cut. */
  readonly wasCut: boolean;
  readonly wrong: readonly string[];
}

const sizes = [0, 300, 6000];

/** Holds the conversation. */
export async function converse(cut: Cut): Promise<Swept> {
  const scene = await Scene.start({ frameMax: 4096, historyLimit: 1000 });
  const { faults } = scene.broker;
  const wrong: string[] = [];
  const recover = { initial: true, minDelay: 5, maxDelay: 10 };
  const client = scene.client({ recover });
  client.on('unobserved', (error) => wrong.push(`unobserved: ${error}`));
  client.on('notRestored', (error) => wrong.push(`not restored: ${error}`));
  if (cut.againAfter !== undefined) {
    const { againAfter } = cut;
    client.once('recovering', () => faults.dropAfterBytes(againAfter, { from: cut.from, connections: 'next' }));
  }
  faults.dropAfterBytes(cut.bytes, { from: cut.from, connections: 'next' });
  for (const [name, operation, allowed] of steps(client)) {
    const started = operation();
    started.catch(() => {});
    await scene.settle();
    for (let passedMs = 0; started.state === 'pending' && passedMs < 2000; passedMs += 10) await scene.advance(10);
    if (!allowed.test(endOf(started))) wrong.push(`${name}: ${endOf(started)}`);
  }
  const wasCut = scene.dialled.length > 1;
  await judge(scene, client, wrong);
  return { wasCut, wrong };
}

type Named = readonly [name: string, start: () => Operation<unknown>, allowed: RegExp];

function* steps(client: Client): Iterable<Named> {
  const ok = /^fulfilled$/;
  yield ['connect', () => client.connect(), ok];
  yield ['declare', () => client.queueDeclare({ queue: 'q', exclusive: true }), ok];
  yield ['exchange', () => client.exchangeDeclare({ exchange: 'e', autoDelete: true }), ok];
  yield ['bind', () => client.queueBind({ queue: 'q', exchange: 'e', routingKey: 'k' }), ok];
  for (const size of sizes) {
    const body = `${size}:${'.'.repeat(size)}`;
    yield [`publish ${size}`, () => client.basicPublish({ exchange: 'e', routingKey: 'k', body, mandatory: true }), ok];
  }
  yield [
    'no route',
    () => client.basicPublish({ exchange: 'e', routingKey: 'x', body: 'x', mandatory: true }),
    /^NO_ROUTE/,
  ];
  const consumer = client.basicConsume({ queue: 'q', prefetchCount: 2 }, (_error, message) => {
    message?.ack();
  });
  yield ['consume', () => consumer.ready, ok];
  yield ['qos', () => client.basicQos(consumer, { prefetchCount: 3 }), ok];
  yield ['cancel', () => client.basicCancel(consumer), ok];
  yield ['get', () => client.basicGet({ queue: 'q' }), /^(fulfilled|CONNECTION_BROKEN unknown)$/];
  yield ['delete', () => client.queueDelete({ queue: 'q' }), ok];
}

async function judge(scene: Scene, client: Client, wrong: string[]): Promise<void> {
  const { broker } = scene;
  const published = await Promise.race([
    broker.published('q', sizes.length).catch(() => []),
    new Promise<readonly []>((resolve) => setImmediate(() => resolve([]))),
  ]);
  const seen = published.map((message) => message.text().split(':')[0]);
  for (const size of sizes) if (!seen.includes(`${size}`)) wrong.push(`${size} was confirmed and is nowhere`);
  await scene.cut(client);
  if (broker.queues().length > 0) wrong.push('the deleted queue is back');
  const { recorded, retrying } = client.recovery;
  if (recorded.queues + recorded.bindings + retrying.length > 0) wrong.push(`recorded: ${JSON.stringify(recorded)}`);
  if (broker.connections.length !== 1) wrong.push(`${broker.connections.length} connections`);
  for (const { replyText } of broker.mistakes) wrong.push(`mistake: ${replyText}`);
  await scene.end(client);
  if (scene.sockets + scene.timers > 0) wrong.push(`left: ${scene.sockets} sockets, ${scene.timers} timers`);
  if (scene.warnings.length > 0) wrong.push(`warned: ${scene.warnings.map(String).join(' ')}`);
}

/** What became of many. */
export interface SweptMany {
  readonly conversations: number;
  /** What went wrong, and where. */
  readonly wrong: readonly string[];
}

/** Cuts a direction at every so many bytes, until the conversation is shorter. */
export async function sweep(from: Cut['from'], stride: number, againAfter?: number): Promise<SweptMany> {
  const wrong: string[] = [];
  let conversations = 0;
  for (let bytes = 1; wrong.length < 10; bytes += stride) {
    const swept = await converse({ from, bytes, againAfter });
    conversations++;
    for (const text of swept.wrong) wrong.push(`${from} byte ${bytes}, then ${againAfter}: ${text}`);
    if (!swept.wasCut) break;
  }
  return { conversations, wrong };
}
