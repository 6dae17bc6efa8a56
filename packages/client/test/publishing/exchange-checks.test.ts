import { describe, expect, it } from 'vitest';
import { ChannelPool } from '../../src/connection/channel-pool.ts';
import { ExchangeChecks } from '../../src/publishing/exchange-checks.ts';
import { refusal, type Said, ScriptedBroker } from '../scripted-broker.ts';
import { Harness } from '../session/harness.ts';

async function scene() {
  const broker = new ScriptedBroker();
  const client = await broker.connected();
  return { broker, client };
}

/** Routing keys of the publishes that came, in order. */
function published(broker: ScriptedBroker): string[] {
  return broker.received.flatMap(({ method }) => (method.type === 'basic.publish' ? [method.routingKey] : []));
}

function lookUps(broker: ScriptedBroker): string[] {
  return broker.received.flatMap(({ method }) =>
    method.type === 'exchange.declare' && method.passive ? [method.exchange] : [],
  );
}

/** The broker knows no such exchange. */
function refuseExchange(broker: ScriptedBroker, exchange: string): void {
  broker.answers.set('exchange.declare', (channel, method) =>
    method.type === 'exchange.declare' && method.exchange === exchange
      ? [refusal(channel, 404, `NOT_FOUND - no exchange '${exchange}' in vhost '/'`, 40, 10)]
      : broker.usual(channel, method),
  );
}

describe('an exchange', () => {
  it('is looked up before the first publish to it, and never again', async () => {
    const { broker, client } = await scene();
    for (const exchange of ['a', 'b', 'a', 'b', '', 'amq.topic']) client.basicPublish({ exchange, routingKey: 'k' });
    await broker.pump();
    client.basicPublish({ exchange: 'a', routingKey: 'k' });
    await broker.pump();
    expect(lookUps(broker)).toEqual(['a', 'b']);
    expect(published(broker).length).toBe(7);
  });

  it('that was declared is known, until it is deleted', async () => {
    const { broker, client } = await scene();
    client.exchangeDeclare({ exchange: 'a' });
    await broker.pump();
    client.basicPublish({ exchange: 'a', routingKey: 'k' });
    await broker.pump();
    expect(lookUps(broker)).toEqual([]);
    client.exchangeDelete({ exchange: 'a' });
    await broker.pump();
    client.basicPublish({ exchange: 'a', routingKey: 'k' });
    await broker.pump();
    expect(lookUps(broker)).toEqual(['a']);
  });

  it('that is missing fails its publishes with NotFound, and no channel of publishes is closed', async () => {
    const { broker, client } = await scene();
    refuseExchange(broker, 'gone');
    const before = client.basicPublish({ routingKey: 'q' });
    const wrong = [1, 2].map(() => client.basicPublish({ exchange: 'gone', routingKey: 'q' }));
    const behind = client.basicPublish({ routingKey: 'q' });
    await broker.pump();
    for (const publish of wrong) {
      await expect(publish).rejects.toMatchObject({ code: 'NOT_FOUND', method: 'basic.publish', outcome: 'refused' });
      await expect(publish).rejects.toThrow("no exchange 'gone'");
    }
    expect([before.state, behind.state]).toEqual(['fulfilled', 'fulfilled']);
    expect(published(broker)).toEqual(['q', 'q']);
    // It is looked up anew: another client may have made it.
    broker.answers.delete('exchange.declare');
    const again = client.basicPublish({ exchange: 'gone', routingKey: 'q' });
    await broker.pump();
    expect(again.state).toBe('fulfilled');
  });

  it('that is still looked up holds up its own publishes alone, and they keep their order', async () => {
    const { broker, client } = await scene();
    const withheld: Said[] = [];
    broker.answers.set('exchange.declare', (channel, method) => {
      withheld.push(...broker.usual(channel, method));
      return [];
    });
    for (const routingKey of ['1', '2']) client.basicPublish({ exchange: 'a', routingKey });
    client.basicPublish({ routingKey: 'other' });
    await broker.pump();
    expect(published(broker)).toEqual(['other']);
    client.basicPublish({ exchange: 'a', routingKey: '3' });
    broker.say(...withheld);
    client.basicPublish({ exchange: 'a', routingKey: '4' });
    await broker.pump();
    expect(published(broker)).toEqual(['other', '1', '2', '3', '4']);
  });

  it('that is looked up when the connection is lost fails its publishes as not sent', async () => {
    const { broker, client } = await scene();
    broker.answers.set('exchange.declare', () => []);
    const publish = client.basicPublish({ exchange: 'a', routingKey: 'k' });
    await broker.pump();
    broker.reset();
    await broker.pump();
    await expect(publish).rejects.toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
  });

  it('that was deleted meanwhile closes the channel once: what is sent again is looked up before', async () => {
    const { broker, client } = await scene();
    client.basicPublish({ exchange: 'a', routingKey: 'k' });
    await broker.pump();
    refuseExchange(broker, 'a');
    let closes = 0;
    broker.answers.set('basic.publish', (channel, method) => {
      if (method.type !== 'basic.publish' || method.exchange !== 'a') return broker.usual(channel, method);
      closes++;
      return [refusal(channel, 404, "NOT_FOUND - no exchange 'a' in vhost '/'", 60, 40)];
    });
    const wrong = Array.from({ length: 5 }, () => client.basicPublish({ exchange: 'a', routingKey: 'k' }));
    const right = client.basicPublish({ routingKey: 'q' });
    await broker.pump();
    expect(wrong.map(({ state }) => state)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    expect(right.state).toBe('fulfilled');
    expect(closes).toBe(1);
  });

  it('whose name has half a surrogate pair is refused at the call, the routing key too', async () => {
    const { broker, client } = await scene();
    const half = 'logs-\ud83d';
    for (const route of [
      { exchange: half, routingKey: 'k' },
      { exchange: 'e', routingKey: half },
    ]) {
      const publish = client.basicPublish(route);
      await expect(publish).rejects.toMatchObject({ code: 'USAGE_ERROR', outcome: 'not-sent' });
    }
    await broker.pump();
    expect(broker.sent()).toEqual([]);
    expect(client.metrics().publishes.open).toBe(0);
  });

  it('that cannot be asked for has its answer at once, and the channel is free again', () => {
    const { session } = new Harness().open();
    const pool = new ChannelPool(() => false);
    pool.attach(session);
    const checks = new ExchangeChecks(pool, { wake: () => {} });
    const answers: unknown[] = [];
    for (let count = 0; count < 2; count++) checks.lookUp('e'.repeat(256), (error) => answers.push(error));
    expect(answers).toMatchObject([{ code: 'USAGE_ERROR' }, { code: 'USAGE_ERROR' }]);
    checks.lookUp('e', () => {});
    expect(session.channelCount).toBe(1);
  });

  it('is looked up for long: publishes given up meanwhile leave room at once', async () => {
    const { broker, client } = await scene();
    broker.answers.set('exchange.declare', () => []);
    const given = new AbortController();
    const publishes = Array.from({ length: 5000 }, () =>
      client.basicPublish({ exchange: 'a', routingKey: 'k', body: 'x', signal: given.signal }),
    );
    await broker.pump();
    expect(client.needsDrain).toBe(true);
    const drained = client.drained();
    given.abort(new Error('enough'));
    await expect(publishes[0]).rejects.toThrow('enough');
    await drained;
    expect(client.metrics().publishes).toMatchObject({ open: 0, openBytes: 0 });
  });

  it('takes the publish out again that was given up while it was looked up', async () => {
    const { broker, client } = await scene();
    const withheld: Said[] = [];
    broker.answers.set('exchange.declare', (channel, method) => {
      withheld.push(...broker.usual(channel, method));
      return [];
    });
    const given = client.basicPublish({ exchange: 'a', routingKey: 'given up', timeout: 100 });
    client.basicPublish({ exchange: 'a', routingKey: 'kept' });
    await broker.pump();
    await broker.advance(100);
    await expect(given).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', outcome: 'not-sent' });
    broker.say(...withheld);
    await broker.pump();
    expect(published(broker)).toEqual(['kept']);
  });
});
