/** What is agreed on, and what RabbitMQ then knows of a connection: each combination of a limit and of none, on both sides. */
import { Client } from '@puka/client';
import type { Broker } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { privateNode } from './private-node.ts';

/** What both sides may ask for; 0 is no limit, or no heartbeat. */
interface Limits {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeat: number;
}

const most: Limits = { channelMax: 65_535, frameMax: 0x7fff_ffff, heartbeat: 0 };
const offers = combinations({ channelMax: 100, frameMax: 20_000, heartbeat: 30 });
const wishes = combinations({ channelMax: 200, frameMax: 10_000, heartbeat: 40 });
const body = new Uint8Array(50_000).fill(7);
const node = privateNode();
let broker: Broker;

beforeAll(async () => {
  broker = await node.take();
});
afterAll(() => node.giveBack());

/** Eight: each value, or 0 in its place. */
function combinations({ channelMax, frameMax, heartbeat }: Limits): Limits[] {
  return [channelMax, 0].flatMap((channels) =>
    [frameMax, 0].flatMap((bytes) =>
      [heartbeat, 0].map((seconds) => ({ channelMax: channels, frameMax: bytes, heartbeat: seconds })),
    ),
  );
}

/** The smaller one; if one side has none, that of the other. */
function agreed(name: keyof Limits, offer: Limits, wish: Limits): number {
  const limits = [offer[name], wish[name]].filter((limit) => limit !== 0);
  return limits.length === 0 ? most[name] : Math.min(...limits);
}

describe('tuning', () => {
  it.each(offers)('to $channelMax channels, frames of $frameMax, a heartbeat of $heartbeat s', async (offer) => {
    const { channelMax, frameMax, heartbeat } = offer;
    await broker.evaluate(
      `[application:set_env(rabbit, K, V) || {K, V} <- [{channel_max, ${channelMax}}, {frame_max, ${frameMax}}, {heartbeat, ${heartbeat}}]]`,
    );
    for (const wish of wishes) {
      const client = new Client(broker.url, wish);
      const expected = {
        channelMax: agreed('channelMax', offer, wish),
        frameMax: agreed('frameMax', offer, wish),
        // Ours of 0 is no wish for any: it turns heartbeats off.
        heartbeat: wish.heartbeat === 0 ? 0 : agreed('heartbeat', offer, wish),
      };
      expect(await client.connect()).toMatchObject(expected);
      expect(await broker.evaluate('rabbit_networking:connection_info_all([channel_max, frame_max, timeout])')).toBe(
        `[[{channel_max,${expected.channelMax}},{frame_max,${expected.frameMax}},{timeout,${expected.heartbeat}}]]`,
      );
      const { queue } = await client.queueDeclare({ exclusive: true });
      await client.basicPublish({ routingKey: queue, body });
      const message = await client.basicGet({ queue, noAck: true });
      expect(Buffer.compare(message?.body ?? Buffer.of(), body)).toBe(0);
      await client.close();
    }
  });
});

/** Deno and Bun report which Node they are like. */
function platform(): string {
  const { node, deno, bun } = process.versions;
  if (deno !== undefined) return `Deno ${deno}`;
  return bun === undefined ? `Node.js ${node}` : `Bun ${bun}`;
}

describe('RabbitMQ', () => {
  async function shown(client: Client): Promise<string> {
    await client.connect();
    try {
      return await broker.evaluate('rabbit_networking:connection_info_all([client_properties, auth_mechanism, user])');
    } finally {
      await client.close();
    }
  }
  const text = (name: string, value: string): string => `{<<"${name}">>,longstr,<<"${value}">>}`;

  it('shows product, version, platform, information, the name of the connection, and what the client can', async () => {
    const all = await shown(new Client(broker.url, { connectionName: 'orders, worker 3' }));
    for (const [name, value] of [
      ['product', 'Puka'],
      ['version', manifest.version],
      ['platform', platform()],
      ['information', 'https://www.npmjs.com/package/@puka/client'],
      ['connection_name', 'orders, worker 3'],
    ] as const) {
      expect(all).toContain(text(name, value));
    }
    for (const capability of [
      ...['publisher_confirms', 'exchange_exchange_bindings', 'basic.nack', 'consumer_cancel_notify'],
      ...['connection.blocked', 'authentication_failure_close', 'per_consumer_qos'],
    ]) {
      expect(all).toContain(`{<<"${capability}">>,bool,true}`);
    }
    expect(all).toContain('{auth_mechanism,<<"PLAIN">>}');
    expect(all).toContain('{user,<<"guest">>}');
  });

  it("shows the user's own properties, over the client's", async () => {
    const clientProperties = { product: 'Billing', team: 'blue', capabilities: { 'basic.nack': false, of_ours: true } };
    const all = await shown(new Client(broker.url, { clientProperties }));
    expect(all).toContain(text('product', 'Billing'));
    expect(all).toContain(text('team', 'blue'));
    expect(all).not.toContain('Puka');
    expect(all).toContain('{<<"of_ours">>,bool,true}');
    // It can, whatever they report.
    expect(all).toContain('{<<"basic.nack">>,bool,true}');
  });
});
