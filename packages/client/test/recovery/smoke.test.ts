import { startBroker } from '@puka/testing';
import { describe, expect, it } from 'vitest';
import { Client } from '../../src/client.ts';

describe('smoke', () => {
  it('comes back', async () => {
    const broker = await startBroker({ listen: false });
    const client = new Client('amqp://', { transport: broker.transport(), recover: { minDelay: 1 } });
    const events: string[] = [];
    client.on('connected', (_info, report) => events.push(`connected ${JSON.stringify(report)}`));
    client.on('disconnected', (error, isRecovering) => events.push(`disconnected ${error?.message} ${isRecovering}`));
    client.on('recovering', ({ attempt }) => events.push(`recovering ${attempt}`));
    client.on('notRestored', (error, entity) => events.push(`not ${error.message} ${JSON.stringify(entity)}`));
    client.on('closed', (error) => events.push(`closed ${error?.message}`));
    await client.connect();
    await client.exchangeDeclare({ exchange: 'e', autoDelete: true });
    const mine = await client.queueDeclare({ queue: '', exclusive: true });
    await client.queueDeclare({ queue: 'q' });
    await client.queueBind({ queue: 'q', exchange: 'e', routingKey: 'k' });
    const got: string[] = [];
    client.basicConsume({ queue: 'q', prefetchCount: 3 }, (error, message) => {
      got.push(error === undefined ? `${message?.text()}` : String(error));
      message?.ack();
    });
    await client.basicPublish({ exchange: 'e', routingKey: 'k', body: 'one' });
    const first = mine.queue;
    broker.faults.dropConnections();
    const two = client.basicPublish({ exchange: 'e', routingKey: 'k', body: 'two', mandatory: true });
    const declared = client.queueDeclare({ queue: 'later' });
    await Promise.all([two, declared]);
    await client.basicPublish({ routingKey: first, body: 'x', mandatory: true });
    console.log(events, got, first, mine.queue);
    await client.shutdown();
    expect(got).toEqual(['one', 'two']);
  });
});
