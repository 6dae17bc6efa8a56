/**
 * Publishers and consumers on a cluster of three RabbitMQ nodes with quorum queues, while nodes are killed, restarted, drained
 * and cut off; then counts: confirmed, lost, duplicates, promises open, consumers short. All but the first and the duplicates are 0 unless
 * there is a fault.
 * `tsx --conditions=puka:source scripts/recovery-cluster.ts [publishers] [consumers] [seconds without a majority]`
 */
import { type Broker, faultProxy, launchBroker, waitFor } from '@puka/testkit';
import { isGood, Workload } from './recovery-workload.ts';

const [publishers = 5, consumers = 5, secondsWithoutMajority = 60] = process.argv.slice(2).map(Number);
const startTimeoutMs = 180_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Three nodes that are one broker. The first has the epmd of all. */
async function cluster(): Promise<readonly [Broker, Broker, Broker]> {
  const first = await launchBroker({ startTimeoutMs });
  const join = async (): Promise<Broker> => {
    const node = await launchBroker({ startTimeoutMs, beside: first });
    await node.ctl('stop_app');
    await node.ctl('join_cluster', first.nodeName);
    await node.ctl('start_app');
    return node;
  };
  return [first, await join(), await join()];
}

const nodes = await cluster();
const proxies = await Promise.all(nodes.map(({ host, port }) => faultProxy({ target: { host, port } })));
const workload = new Workload({
  urls: nodes.map(({ url }, index) => proxies[index]?.urlFor(url) ?? url),
  publishers,
  consumers,
  client: { recover: { minDelay: 100, maxDelay: 2000 }, heartbeat: 2, shuffleHosts: true },
  queueArguments: { 'x-queue-type': 'quorum' },
});
await workload.start();

/** Waits for so many confirms: the cluster takes publishes again. */
async function works(more = 500): Promise<void> {
  const wanted = workload.confirmedCount + more;
  await waitFor(() => workload.confirmedCount >= wanted, { timeoutMs: 120_000 });
}

/** The node that leads a queue. */
async function leaderOf(queue: string): Promise<Broker> {
  const name = `rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)`;
  const leader = await nodes[0].evaluate(`{ok, Q} = rabbit_amqqueue:lookup(${name}), element(2, amqqueue:get_pid(Q))`);
  const found = nodes.find(({ nodeName }) => leader.includes(nodeName));
  if (found === undefined) throw new Error(`no node is ${leader}`);
  return found;
}

const [firstQueue = ''] = workload.queues;
const steps: Readonly<Record<string, () => Promise<void>>> = {
  'kill -9 of the leader, and back': async () => {
    const leader = await leaderOf(firstQueue);
    await leader.kill();
    await works();
    await leader.restart();
  },
  'kill -9 of the leader again': async () => {
    const leader = await leaderOf(firstQueue);
    await leader.kill();
    await works();
    await leader.restart();
  },
  'rolling restart': async () => {
    for (const node of nodes) {
      await node.shutdown();
      await works();
      await node.restart();
      await works();
    }
  },
  'each node in turn in maintenance mode': async () => {
    for (const node of nodes) {
      await node.evaluate('rabbit_maintenance:drain()');
      await works();
      await node.evaluate('rabbit_maintenance:revive()');
      await works();
    }
  },
  'clients are cut off from each node in turn': async () => {
    for (const proxy of proxies) {
      proxy.blackHole();
      await works();
      await proxy.restore();
    }
  },
  'an operator closes all connections': async () => {
    for (const node of nodes) await node.closeAllConnections();
  },
  'the majority is lost, and back': async () => {
    await Promise.all([nodes[1].kill(), nodes[2].kill()]);
    await pause(secondsWithoutMajority * 1000);
    await Promise.all([nodes[1].restart(), nodes[2].restart()]);
  },
};

for (const [name, step] of Object.entries(steps)) {
  await works();
  const startedMs = performance.now();
  await step();
  await works();
  console.log(`${name}: ${Math.round((performance.now() - startedMs) / 1000)} s, ${workload.confirmedCount} confirmed`);
}
const counts = await workload.finish(nodes[0]);
console.log(JSON.stringify({ nodes: nodes.length, version: nodes[0].version, publishers, consumers, ...counts }));
await Promise.all(proxies.map((proxy) => proxy.stop()));
for (const node of [...nodes].reverse()) await node.stop();
process.exitCode = isGood(counts) ? 0 : 1;
