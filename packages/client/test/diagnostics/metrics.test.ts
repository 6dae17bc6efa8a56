import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';

describe('the metrics of a client', () => {
  it('are all there before it connects', () => {
    const metrics = new ScriptedBroker().client({ connectionName: 'mine' }).metrics();
    expect(metrics).toMatchObject({
      ...{ connectionName: 'mine', state: 'idle', channels: 0, consumers: 0, requests: {} },
      bytes: { received: 0, sent: 0 },
      publishes: { confirmed: 0, returned: 0, nacked: 0, failed: 0, refused: 0, open: 0, openBytes: 0 },
      deliveries: { received: 0, acked: 0, rejected: 0, unsettled: 0 },
      confirmRoundTrip: { count: 0, sumMs: 0 },
    });
    expect(JSON.parse(JSON.stringify(metrics)).state).toBe('idle');
  });

  it('count publishes by their outcome, and time a sample of them', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const unobserved = [client.basicPublish({ routingKey: 'x'.repeat(300) })];
    client.basicPublish({ routingKey: 'q', body: 'first' });
    await broker.pump();
    let tag = 1;
    broker.answers.set('basic.publish', (channel, method) => {
      const routingKey = method.type === 'basic.publish' ? method.routingKey : '';
      const deliveryTag = ++tag;
      if (routingKey === 'later') return [];
      const type = routingKey === 'nack' ? 'basic.nack' : 'basic.ack';
      return [[channel, { type, deliveryTag, multiple: false }]];
    });
    unobserved.push(client.basicPublish({ routingKey: 'nack' }), client.basicPublish({ routingKey: 'later' }));
    await broker.pump();
    await broker.advance(3);
    const { publishes: before } = client.metrics();
    expect(before).toMatchObject({ ...{ confirmed: 1, nacked: 1, refused: 1, failed: 0, open: 1 } });
    expect(before.openBytes).toBeGreaterThan(0);
    broker.say([broker.last('basic.publish').channel, { type: 'basic.ack', deliveryTag: 3, multiple: false }]);
    await broker.pump();
    expect(client.metrics().confirmRoundTrip).toMatchObject({ count: 2, sumMs: 3 });
    unobserved.push(client.basicPublish({ routingKey: 'later' }));
    await broker.pump();
    broker.reset();
    await broker.pump();
    await Promise.allSettled(unobserved);
    const { publishes, connections } = client.metrics();
    expect(publishes).toEqual({ ...before, confirmed: 2, failed: 1, open: 0, openBytes: 0 });
    expect(connections).toEqual({ opened: 1, failed: 0, lost: 1 });
  });

  it('leave nothing open of a call whose options throw when they are read', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const broken = new (class {
      get queue(): string {
        throw new Error('broken');
      }
      get prefetchCount(): number {
        throw new Error('broken');
      }
    })();
    const consumer = client.basicConsume({ queue: 'q' });
    await broker.pump();
    await expect(client.basicGet(broken)).rejects.toThrow('broken');
    await expect(client.basicQos(consumer, broken)).rejects.toThrow('broken');
    const { requests } = client.metrics();
    expect([requests['basic.get'], requests['basic.qos']]).toEqual([
      { succeeded: 0, failed: 1, open: 0 },
      { succeeded: 0, failed: 1, open: 0 },
    ]);
  });

  it('count deliveries by how they are settled, over all connections', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected({ recover: { minDelay: 100, maxDelay: 100 } });
    const consumer = client.basicConsume({ queue: 'q' });
    const forgotten = client.basicConsume({ queue: 'q', noAck: true, consumerTag: 'no-ack' });
    await broker.pump();
    const [first, second] = broker.received.filter(({ method }) => method.type === 'basic.consume');
    broker.say(...[1, 2, 3, 4].map((tag) => broker.delivery(first?.channel ?? 0, consumer.consumerTag, tag)));
    broker.say(broker.delivery(second?.channel ?? 0, 'no-ack', 1));
    await broker.pump();
    const [one, two, three] = [await client.wait(consumer), await client.wait(consumer), await client.wait(consumer)];
    one.ack();
    two.nack();
    three.reject({ requeue: false });
    const seen = { received: 5, acked: 1, rejected: 2, unsettled: 1 };
    expect(client.metrics()).toMatchObject({ deliveries: seen, consumers: 2 });
    broker.reset();
    await broker.pump();
    expect(client.metrics()).toMatchObject({ deliveries: { ...seen, unsettled: 0 }, channels: 0, state: 'recovering' });
    await broker.advance(100);
    const { channel } = broker.last('basic.consume');
    broker.say(broker.delivery(channel, broker.last('basic.consume').method.consumerTag, 1));
    await broker.pump();
    expect(client.metrics().deliveries.received).toBe(6);
    expect(forgotten.isEnded).toBe(false);
    void client.close();
    await broker.pump();
    expect(client.metrics()).toMatchObject({ consumers: 0, channels: 0, connections: { opened: 2, lost: 1 } });
  });

  it('count bytes of both directions', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const { bytes } = client.metrics();
    client.basicPublish({ routingKey: 'q', body: 'x'.repeat(1000) });
    await broker.pump();
    const { received, sent } = client.metrics().bytes;
    expect(sent - bytes.sent).toBeGreaterThan(1000);
    expect(received - bytes.received).toBe(49);
  });
});
