import { AsyncLocalStorage } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import { diagnosticsChannels } from '@puka/client/diagnostics-channel';
import { waitFor } from '@puka/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { scene } from './scene.ts';

const { another, queue: freshQueue } = scene();
const phases = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
const undo: (() => void)[] = [];

afterEach(() => {
  for (const each of undo.splice(0)) each();
});

/** What a tracing channel publishes, by phase, and the objects that it published. */
function listenTo(name: string) {
  const told: string[] = [];
  const contexts = new Set<unknown>();
  for (const phase of phases) {
    const source = tracingChannel(name)[phase];
    const listener = (context: unknown): void => {
      told.push(phase);
      contexts.add(context);
    };
    source.subscribe(listener);
    undo.push(() => source.unsubscribe(listener));
  }
  return { told, contexts };
}

describe('tracing channels', () => {
  it('publish one object for each publish, from its start to its outcome', async () => {
    const client = await another({ diagnostics: diagnosticsChannels() });
    const routingKey = await freshQueue();
    const { told, contexts } = listenTo('puka:publish');
    await client.basicPublish({ routingKey, body: 'x' });
    expect(told).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect([...contexts]).toEqual([expect.objectContaining({ exchange: '', routingKey, bodyBytes: 1 })]);
    told.length = 0;
    const failed = client.basicPublish({ routingKey: 'nowhere.channels', mandatory: true });
    const error: unknown = await failed.catch((reason: unknown) => reason);
    expect(told).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect([...contexts].at(-1)).toMatchObject({ routingKey: 'nowhere.channels', error });
  });

  it('publish requests with their result', async () => {
    const client = await another({ diagnostics: diagnosticsChannels() });
    const { told, contexts } = listenTo('puka:request');
    const { queue } = await client.queueDeclare({ exclusive: true });
    expect(told).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect([...contexts]).toMatchObject([{ method: 'queue.declare', result: { queue } }]);
  });

  it('publish the work on messages, within stores that are bound to its start', async () => {
    const client = await another({ diagnostics: diagnosticsChannels() });
    const queue = await freshQueue(2);
    const { told, contexts } = listenTo('puka:deliver');
    const storage = new AsyncLocalStorage<unknown>();
    const { start } = tracingChannel('puka:deliver');
    start.bindStore(storage, (context) => context);
    undo.push(() => start.unbindStore(storage));
    const seen: unknown[] = [];
    client.on('unobserved', () => {});
    client.basicConsume({ queue, noAck: true }, async (_error, message) => {
      await Promise.resolve();
      seen.push(storage.getStore());
      if (message?.text() === '1') throw new Error('bad');
    });
    await waitFor(() => told.length === 9);
    expect(told.toSorted()).toEqual([
      ...['asyncEnd', 'asyncEnd', 'asyncStart', 'asyncStart', 'end', 'end', 'error', 'start', 'start'],
    ]);
    expect(seen).toEqual([...contexts]);
    expect([...contexts]).toMatchObject([{ by: 'callback' }, { by: 'callback', error: new Error('bad') }]);
  });

  it('publish the body of a loop, and process() in it once', async () => {
    const client = await another({ diagnostics: diagnosticsChannels() });
    const queue = await freshQueue(1);
    const { told } = listenTo('puka:deliver');
    for await (const message of client.basicConsume({ queue })) {
      expect(told).toEqual(['start', 'end']);
      expect(client.process(message, () => 'done')).toBe('done');
      message.ack();
      break;
    }
    expect(told).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  });
});

describe('plain channels', () => {
  it('publish connections, channels, bytes and messages', async () => {
    const told = new Map<string, unknown>();
    const names = [
      ...['puka:connect:start', 'puka:connect:end', 'puka:disconnected', 'puka:channel:opened', 'puka:channel:closed'],
      ...['puka:bytes:received', 'puka:bytes:sent', 'puka:delivered', 'puka:settled'],
    ];
    for (const name of names) {
      const listener = (message: unknown): void => void told.set(name, message);
      channel(name).subscribe(listener);
      undo.push(() => channel(name).unsubscribe(listener));
    }
    const client = await another({ diagnostics: diagnosticsChannels(), connectionName: 'told' });
    const queue = await freshQueue(1);
    const message = await client.basicGet({ queue });
    message?.nack({ requeue: false });
    await client.close();
    expect([...told.keys()].toSorted()).toEqual(names.toSorted());
    const settled = told.get('puka:settled');
    expect(settled).toMatchObject({ by: 'get', method: 'basic.nack', requeue: false });
    // By identity: to compare what is in a message goes through its whole client.
    expect(Reflect.get(Object(settled), 'message')).toBe(message);
    expect(told.get('puka:connect:end')).toMatchObject({ client: { connectionName: 'told' }, error: undefined });
    expect(told.get('puka:disconnected')).toMatchObject({ error: undefined, isRecovering: false });
  });
});

it('without a subscriber nothing is kept of a publish', async () => {
  const listener = diagnosticsChannels();
  const client = await another({ diagnostics: listener });
  await client.basicPublish({ routingKey: await freshQueue() });
  const publish = { routingKey: 'x' } as Parameters<Required<typeof listener>['publishStarted']>[0];
  expect(listener.publishStarted?.(publish)).toBeUndefined();
});
