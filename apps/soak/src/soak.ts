/** The long run: all kinds of operation, those that fail among them, over connections that come and go. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client, NoRoute, NotFound, PreconditionFailed } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import type { Sample } from './growth.ts';

/** How long, and how often to look. */
export interface SoakOptions {
  readonly operations: number;
  readonly samples: number;
}

/** Runs, and reports each sample. @returns the samples. */
export async function soak(
  url: string,
  { operations, samples }: SoakOptions,
  sampled: (sample: Sample) => void,
): Promise<Sample[]> {
  const client = new Client(url, { connectionName: 'soak' });
  client.on('unobserved', () => {});
  const taken: Sample[] = [];
  let done = 0;
  for (let sample = 1; sample <= samples; sample++) {
    await client.connect();
    const { queue } = await client.queueDeclare({ queue: uniqueName('soak'), exclusive: true });
    done += 2;
    while (done < (operations * sample) / samples) {
      for (const part of parts) done += await part(client, queue);
    }
    await client.shutdown();
    done++;
    const now = await measured(done);
    taken.push(now);
    sampled(now);
  }
  return taken;
}

/** Does something that leaves the queue as it was. @returns how many operations that took. */
type Part = (client: Client, queue: string) => Promise<number>;

const published: Part = async (client, queue) => {
  const bodies = Array.from({ length: 200 }, (_, at) => new Uint8Array(at * 7));
  await Promise.all(bodies.map((body) => client.basicPublish({ routingKey: queue, body })));
  for (const body of bodies) client.basicPublish({ routingKey: queue, body, headers: { at: body.length } });
  return 400;
};

const consumed: Part = async (client, queue) => {
  let left = 400;
  for await (const message of client.basicConsume({ queue, prefetchCount: 50 })) {
    if (left % 10 === 0 && !message.redelivered) {
      message.reject();
      continue;
    }
    message.ack();
    if (--left === 0) break;
  }
  return 402;
};

const gotten: Part = async (client, queue) => {
  for (let at = 0; at < 20; at++) client.basicPublish({ routingKey: queue, json: { at } });
  let got = 0;
  while (got < 20) {
    const message = await client.basicGet({ queue });
    if (message === null) continue;
    message.ack();
    got++;
  }
  return 60;
};

const declared: Part = async (client) => {
  const names = Array.from({ length: 20 }, () => uniqueName('soaked'));
  await Promise.all(names.map((queue) => client.queueDeclare({ queue, exclusive: true })));
  await Promise.all(names.map((queue) => client.queueBind({ queue, exchange: 'amq.topic', routingKey: '#.x' })));
  await Promise.all(names.map((queue) => client.queueDelete({ queue })));
  return 60;
};

const refused: Part = async (client, queue) => {
  await Promise.all([
    expectFailure(client.queueDeclare({ queue: 'soak.nowhere', passive: true }), NotFound),
    expectFailure(client.basicPublish({ exchange: 'soak.nowhere', routingKey: '', body: 'x' }), NotFound),
    expectFailure(client.basicPublish({ routingKey: 'soak.nowhere', mandatory: true, body: 'x' }), NoRoute),
    expectFailure(client.basicConsume({ queue: 'soak.nowhere' }).ready, NotFound),
    expectFailure(client.queueDeclare({ queue, exclusive: true, autoDelete: true }), PreconditionFailed),
  ]);
  client.basicPublish({ exchange: 'soak.nowhere', routingKey: '', body: 'nobody looks' });
  return 6;
};

const givenUp: Part = async (client, queue) => {
  const abort = new AbortController();
  const pending = Array.from({ length: 10 }, () =>
    client.queueDeclare({ queue, passive: true, signal: abort.signal, timeout: 60_000 }).catch(() => {}),
  );
  abort.abort();
  await Promise.all(pending);
  const empty = client.basicConsume({ queue, consumerTag: 'idle' });
  await client.wait(empty, { timeout: 0 });
  await empty.cancel();
  return 12;
};

const parts: readonly Part[] = [published, consumed, gotten, declared, refused, givenUp];

async function expectFailure(promise: PromiseLike<unknown>, wanted: new (...args: never) => Error): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof wanted) return;
    throw error;
  }
  throw new Error(`what should fail with ${wanted.name} did not`);
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

async function measured(done: number): Promise<Sample> {
  // What an object held outside of the heap is given back a turn after the object.
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  return { done, heapMiB: heapUsed / 2 ** 20, externalMiB: external / 2 ** 20, handles };
}
