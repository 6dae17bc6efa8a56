/**
 * Publishers and consumers under random faults on a private RabbitMQ, for minutes; then counts: confirmed, lost,
 * duplicates, promises open, consumers short. All but the first and the duplicates are 0 unless there is a fault.
 * `tsx --conditions=puka:source scripts/recovery-chaos.ts [minutes] [publishers] [consumers] [seed] [faults, as kill,alarm]`
 */
import { type Broker, faultProxy, launchBroker } from '@puka/testkit';
import { isGood, Workload } from './recovery-workload.ts';

const [minutes = 2, publishers = 5, consumers = 5, seed = 1] = process.argv.slice(2, 6).map(Number);

/** Numerical Recipes' generator, so that a seed yields the same faults. */
let state = seed >>> 0;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}
const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const broker: Broker = await launchBroker();
const proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
const faultCounts: Record<string, number> = {};

const faults: Readonly<Record<string, () => Promise<void>>> = {
  reset: async () => proxy.reset(),
  end: async () => proxy.close(),
  drop: async () => {
    proxy.dropAfter(between(1, 5000), random() < 0.5 ? 'clientToServer' : 'serverToClient');
    await pause(between(100, 2000));
    await proxy.restore();
  },
  refuse: async () => {
    await proxy.refuse();
    proxy.reset();
    await pause(between(100, 3000));
    await proxy.restore();
  },
  silence: async () => {
    const where = (['clientToServer', 'serverToClient', 'both'] as const)[between(0, 2)] ?? 'both';
    proxy.blackHole(where);
    await pause(between(500, 9000));
    await proxy.restore();
  },
  operator: () => broker.closeAllConnections(),
  alarm: async () => {
    await broker.setMemoryAlarm('on');
    await pause(between(500, 3000));
    if (random() < 0.5) proxy.reset();
    await pause(between(500, 3000));
    await broker.setMemoryAlarm('off');
  },
  kill: async () => {
    await broker.kill();
    await broker.restart();
  },
  restart: () => broker.restart(),
};

/** The rare ones take long. */
const all = 'reset,reset,end,drop,drop,refuse,silence,silence,operator,operator,alarm,kill,restart';
const plan = (process.argv[6] ?? all).split(',');
for (const name of plan) if (!Object.hasOwn(faults, name)) throw new Error(`no fault is named ${name}`);

async function disturb(untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const name = plan[between(0, plan.length - 1)] ?? 'reset';
    faultCounts[name] = (faultCounts[name] ?? 0) + 1;
    await faults[name]?.();
    await pause(between(100, 4000));
  }
}

const workload = new Workload({ urls: [proxy.urlFor(broker.url)], publishers, consumers });
await workload.start();
await disturb(performance.now() + minutes * 60_000);
await proxy.restore();
await broker.setMemoryAlarm('off');
const counts = await workload.finish(broker);
console.log(JSON.stringify({ seed, minutes, ...counts, faults: faultCounts }));
await proxy.stop();
await broker.stop();
process.exitCode = isGood(counts) ? 0 : 1;
