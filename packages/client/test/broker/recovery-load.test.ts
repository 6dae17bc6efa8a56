/** Connections that are lost under load: nothing confirmed is lost, no promise stays open, each consumer is back once. */
import { type Broker, type FaultProxy, faultProxy, waitFor } from '@puka/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { privateNode } from './private-node.ts';
import { Load, untilOneSubscription } from './recovery-load.ts';

const node = privateNode();
let broker: Broker;
let proxy: FaultProxy;
let load: Load;

beforeAll(async () => {
  broker = await node.take();
});

beforeEach(async () => {
  proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
});

afterEach(async () => {
  await proxy.restore();
  await load.end();
  await proxy.stop();
});

afterAll(() => node.giveBack());

async function begin(options: ConstructorParameters<typeof Load>[1] = {}): Promise<void> {
  load = new Load(proxy.urlFor(broker.url), options);
  await load.start();
  await load.confirmedMore(100);
}

async function expectAllThere(): Promise<void> {
  await load.confirmedMore(100);
  await untilOneSubscription(broker, load.queue);
  expect(await load.finish()).toMatchObject({ lost: [], rejected: [], open: 0 });
  expect(load.duplicates).toBeLessThan(500);
}

describe('under load, nothing confirmed is lost', () => {
  it('when the connections are reset, five times', async () => {
    await begin();
    for (let round = 1; round <= 5; round++) {
      proxy.reset();
      await load.recovered(2 * round);
      await load.confirmedMore(50);
    }
    await expectAllThere();
  });

  it('when the connections end in the middle of a frame, either way', async () => {
    await begin();
    for (const [round, where] of (['clientToServer', 'serverToClient'] as const).entries()) {
      proxy.dropAfter(777, where);
      await waitFor(() => proxy.accepted >= 4 + 2 * round);
      await proxy.restore();
      await load.recovered(2 * (round + 1));
      await load.confirmedMore(50);
    }
    await expectAllThere();
  });

  it('when an operator closes all connections, four times', async () => {
    await begin();
    for (let round = 1; round <= 4; round++) {
      await broker.closeAllConnections();
      await load.recovered(2 * round);
      await load.confirmedMore(50);
    }
    await expectAllThere();
  });

  it.each(['clientToServer', 'serverToClient', 'both'] as const)(
    'when the network is silent (%s) for less than two heartbeats: nothing happens',
    async (where) => {
      await begin({ heartbeat: 4 });
      proxy.blackHole(where);
      // The fault itself lasts so long.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await proxy.restore();
      await load.confirmedMore(100);
      expect(load.recoveries).toBe(0);
      await expectAllThere();
    },
  );

  it.each(['clientToServer', 'serverToClient', 'both'] as const)(
    'when the network is silent (%s) for longer: the connections are recovered',
    async (where) => {
      await begin({ heartbeat: 1 });
      proxy.blackHole(where);
      await Promise.all([load.publisher, load.consumer].map((client) => waitFor(() => client.state === 'recovering')));
      await proxy.restore();
      await load.recovered(2);
      await expectAllThere();
    },
  );

  it('when the node goes into maintenance mode, and comes back', async () => {
    await begin();
    await broker.evaluate('rabbit_maintenance:drain()');
    await Promise.all([load.publisher, load.consumer].map((client) => waitFor(() => client.state === 'recovering')));
    await broker.evaluate('rabbit_maintenance:revive()');
    await load.recovered(2);
    await expectAllThere();
  });

  it('when the broker is restarted, and when it is killed', async () => {
    await begin();
    await broker.restart();
    await load.recovered(2);
    await load.confirmedMore(50);
    await broker.kill();
    await broker.restart();
    await load.recovered(4);
    await expectAllThere();
  });
});
