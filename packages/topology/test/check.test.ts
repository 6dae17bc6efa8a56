import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '@puka/errors';
import { describe, expect, it, onTestFinished } from 'vitest';
import { classicQueue, quorumQueue } from '../src/queue-arguments.ts';
import { defineTopology } from '../src/topology.ts';
import { ManagementFailed } from '../src/topology-failed.ts';
import { scene } from './scene.ts';

const topology = defineTopology({
  exchanges: { orders: { type: 'topic' } },
  queues: { billing: classicQueue({ messageTtl: 2000 }) },
  bindings: [{ exchange: 'orders', queue: 'billing', routingKey: 'paid' }],
});

describe('check without the management API', () => {
  it('reports what is missing by passive declares, what it cannot see, and changes nothing', async () => {
    const { broker, client } = await scene();
    const before = broker.exchanges().length;
    const found = await topology.check(client);
    expect(found.isUpToDate).toBe(false);
    expect(found.differences.map(({ text }) => text)).toEqual([
      "exchange 'orders' is absent; the topology wants it present",
      "queue 'billing' is absent; the topology wants it present",
    ]);
    expect(found.unchecked).toEqual(['flags and arguments of exchanges and queues', '1 bindings']);
    expect(broker.queues()).toEqual([]);
    expect(broker.exchanges()).toHaveLength(before);
    await topology.apply(client);
    expect(await topology.check(client)).toMatchObject({ isUpToDate: true, differences: [] });
  });

  it('reports both sides by declaring again, where that is asked for', async () => {
    const { client } = await scene();
    await client.exchangeDeclare({ exchange: 'orders', type: 'fanout', durable: true });
    await client.queueDeclare({ queue: 'billing', durable: true, arguments: { 'x-message-ttl': 1000 } });
    expect((await topology.check(client)).isUpToDate).toBe(true);
    const { differences, unchecked } = await topology.check(client, { redeclare: true });
    expect(differences).toMatchObject([
      { kind: 'exchange', name: 'orders', field: 'type', expected: 'topic', actual: 'fanout' },
      { kind: 'queue', name: 'billing', field: 'x-message-ttl', expected: 2000, actual: 1000 },
    ]);
    expect(differences[1]?.text).toBe("queue 'billing': x-message-ttl is 1000; the topology has 2000");
    expect(unchecked).toEqual(['1 bindings']);
  });

  it('reports a flag, and an argument that one side does not have', async () => {
    const { client } = await scene();
    await client.queueDeclare({ queue: 'a', durable: false });
    await client.queueDeclare({ queue: 'b', durable: true, arguments: { 'x-max-length': 5 } });
    const other = defineTopology({ queues: { a: {}, b: {} } });
    expect((await other.check(client, { redeclare: true })).differences).toMatchObject([
      { name: 'a', field: 'durable', expected: true, actual: false },
      { name: 'b', field: 'x-max-length', expected: undefined, actual: 5 },
    ]);
  });
});

describe('the management API', () => {
  async function answering(status: number, body: string): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const server: Server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // It listens on TCP.
    return { url: `http://op:s%C3%A9cret@127.0.0.1:${port}/rabbit/`, seen };
  }

  it('is asked at its own path, with user and password, about the virtual host', async () => {
    const { client } = await scene();
    const { url, seen } = await answering(200, '[]');
    const found = await topology.check(client, { management: { url, vhost: 'a/b' } });
    const login = `Basic ${Buffer.from('op:sécret').toString('base64')}`;
    expect(seen.sort()).toEqual([
      `GET /rabbit/api/bindings/a%2Fb ${login}`,
      `GET /rabbit/api/exchanges/a%2Fb ${login}`,
      `GET /rabbit/api/queues/a%2Fb ${login}`,
    ]);
    expect(found.differences).toHaveLength(3);
    expect(found.unchecked).toEqual([]);
  });

  it('that refuses is a ManagementFailed with the status, and no password in it', async () => {
    const { client } = await scene();
    const { url } = await answering(401, '{"error":"not_authorised"}');
    const error = await topology.check(client, { management: url }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ManagementFailed);
    expect(error).toMatchObject({ status: 401, code: 'TOPOLOGY_MANAGEMENT_FAILED' });
    expect(String(error)).toMatch(/answered with 401: .*not_authorised/);
    expect(JSON.stringify(error)).not.toMatch(/s%C3%A9cret|sécret/);
  });

  it.each(['<html>please log in</html>', '{}'])('that answers %j is a ManagementFailed', async (body) => {
    const { client } = await scene();
    const { url } = await answering(200, body);
    const checking = topology.check(client, { management: url });
    await expect(checking).rejects.toThrow(/\/rabbit\/api\/\w+\/%2F did not return a JSON list$/);
    await expect(checking).rejects.toBeInstanceOf(ManagementFailed);
  });

  it('that is not there is a ManagementFailed that can be tried again', async () => {
    const { client } = await scene();
    const { url } = await answering(200, '[]');
    const gone = url.replace(/:\d+\//, ':1/');
    await expect(topology.check(client, { management: gone })).rejects.toMatchObject({
      name: 'ManagementFailed',
      retryable: true,
      status: undefined,
    });
    const aborted = topology.check(client, { management: url, signal: AbortSignal.abort('enough') });
    await expect(aborted).rejects.toBe('enough');
  });

  it.each(['ftp://host', 'host:15672/', '', 'http://user:%zz@host'])('takes no URL like %j', async (url) => {
    const { client } = await scene();
    await expect(topology.check(client, { management: url })).rejects.toBeInstanceOf(UsageError);
  });

  it('compares arguments, flags, types and bindings, with both sides', async () => {
    const { client } = await scene();
    const told: Record<string, unknown> = {
      exchanges: [
        { name: 'orders', type: 'fanout', durable: false, auto_delete: false, internal: false, arguments: {} },
      ],
      queues: [
        {
          ...{ name: 'billing', durable: true, exclusive: false, auto_delete: false },
          arguments: { 'x-message-ttl': 2000, 'x-max-length': 9 },
        },
      ],
      bindings: [
        { source: '', destination: 'billing', destination_type: 'queue', routing_key: 'billing', arguments: {} },
        { source: 'orders', destination: 'billing', destination_type: 'queue', routing_key: 'old', arguments: {} },
        { source: 'orders', destination: 'their own', destination_type: 'queue', routing_key: 'x', arguments: {} },
      ],
    };
    const server = createServer((request, response) => {
      response.end(JSON.stringify(told[request.url?.split('/')[2] ?? '']));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // It listens on TCP.
    const { differences } = await topology.check(client, { management: `http://127.0.0.1:${port}` });
    expect(differences.map(({ text }) => text)).toEqual([
      'exchange \'orders\': type is "fanout"; the topology has "topic"',
      "exchange 'orders': durable is false; the topology has true",
      "queue 'billing': x-max-length is 9; the topology has not set",
      "binding 'orders -> billing (paid)' is absent; the topology wants it present",
      "binding 'orders -> billing (old)' is present; the topology wants it absent",
    ]);
    // A quorum queue is no classic one, which a queue without a type is.
    const quorum = defineTopology({ queues: { billing: quorumQueue() } });
    const found = await quorum.check(client, { management: `http://127.0.0.1:${port}` });
    expect(found.differences).toContainEqual(
      expect.objectContaining({ field: 'x-queue-type', expected: 'quorum', actual: 'classic' }),
    );
  });
});
