import { Client } from '@puka/client';
import { startBroker } from '@puka/testing';
import { expect, inject, it, onTestFinished } from 'vitest';
import { commands } from '../src/program.ts';

/** A client of RabbitMQ, or of the embedded broker. */
async function connected(where: string): Promise<Client> {
  const broker = where === 'RabbitMQ' ? undefined : await startBroker();
  const client = new Client(broker?.url ?? inject('amqpUrl'));
  await client.connect();
  onTestFinished(async () => {
    await commands.remove?.(client, () => {});
    await client.close();
    await broker?.stop();
  });
  return client;
}

async function output(client: Client, command: string): Promise<string[]> {
  const lines: string[] = [];
  await commands[command]?.(client, (line) => lines.push(line));
  return lines;
}

it.each(['RabbitMQ', 'the embedded broker'])('draws, applies, checks, migrates and removes on %s', async (where) => {
  const client = await connected(where);
  expect((await output(client, 'draw'))[0]).toContain('e0 -->|"order.placed"| q6');
  expect(await output(client, 'first')).toEqual(['3 exchanges, 4 queues, 5 bindings are there']);
  for (const body of ['1', '2']) {
    await client.basicPublish({ exchange: 'orders', routingKey: 'order.paid', body, mandatory: true });
  }
  const [difference, ...rest] = await output(client, 'check');
  expect(difference).toMatch(/^queue 'billing': x-/);
  expect(rest).toEqual(['1 differences', 'not looked at: 5 bindings']);
  const steps = await output(client, 'migrate');
  expect(steps).toContain('delete billing -> billing.migration: 2 moved');
  expect(steps.at(-1)).toBe('done: 4 messages moved');
  expect(await output(client, 'check')).toEqual(['0 differences', 'not looked at: 5 bindings']);
  // The stream has both too.
  expect((await client.queueDeclare({ queue: 'billing', passive: true })).messageCount).toBe(2);
  // RabbitMQ counts the messages of quorum queues and streams in its own time.
  expect((await output(client, 'remove'))[0]).toMatch(/^4 queues are gone, with \d+ messages$/);
});
