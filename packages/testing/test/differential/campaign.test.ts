/** How a campaign ends while a difference is looked into: on two embedded brokers, one of which refuses what the other does. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../src/index.ts';
import { Campaign } from './campaign.ts';
import type { Program } from './operation.ts';

// The player waits for what the other broker did; here it never comes.
vi.mock('node:timers/promises', () => ({ setTimeout: () => new Promise(setImmediate) }));

let willing: EmbeddedBroker;
let strict: EmbeddedBroker;

beforeEach(async () => {
  [willing, strict] = [await startBroker({ listen: false }), await startBroker({ listen: false })];
  strict.setPermissions('guest', { configure: '^(line|watch)' });
});

afterEach(() => Promise.all([willing.stop(), strict.stop()]));

const program: Program = [
  { connection: 0, channel: 1, type: 'method', method: { type: 'queue.declare', queue: 'qa~' } },
];

/** Fights over one program, again and again. @param onRun called with how many times the willing broker has run it. */
async function fight(onRun: (campaign: Campaign, runs: number) => void) {
  // A run comes to rest twice: after its only step, and when its channel is closed.
  let rests = 0;
  const unfinished: string[] = [];
  const letTimePass = async (): Promise<void> => onRun(campaign, ++rests / 2);
  const campaign: Campaign = new Campaign(
    [{ connector: willing.transport(), port: 0, vhost: '/', letTimePass }],
    [{ connector: strict.transport(), port: 0, vhost: '/' }],
    {
      ...{ programs: 20, seed: 1, steps: 1, mostDifferences: 5, shrinkMs: 0, make: () => fc.constant(program) },
      onUnfinished: (text) => unfinished.push(text),
    },
  );
  await campaign.fight();
  await Promise.all([willing.idle(), strict.idle()]);
  return { campaign, unfinished, connections: [...willing.connections, ...strict.connections] };
}

it('tells of a difference that nobody has looked into to the end, where it is broken off', async () => {
  const { campaign, unfinished, connections } = await fight((campaign, runs) => {
    if (runs === 4) campaign.breakOff();
  });
  expect(unfinished).toEqual([expect.stringMatching(/^unfinished replay: in 3 of 40 not as embedded\n0: 0\/1 .*qa~/)]);
  expect(campaign.totals).toMatch(/^1 programs, 1 operations, .* 0 differences, 1 with an unfinished replay$/);
  expect(connections).toEqual([]);
});

it('takes for no difference what is seen once, and not when it is run once more', async () => {
  const { campaign } = await fight((_campaign, runs) => {
    if (runs === 41) willing.setPermissions('guest', { configure: '^(line|watch)' });
  });
  expect(campaign.differences).toEqual([]);
  expect(campaign.tally).toMatchObject({ varying: 1, unfinished: 0 });
});

it('looks into a difference to its end, where its time is over', async () => {
  const { campaign, unfinished, connections } = await fight((campaign, runs) => {
    if (runs === 4) campaign.end();
  });
  expect(unfinished).toEqual([]);
  expect(campaign.differences).toEqual([expect.stringContaining('ACCESS_REFUSED')]);
  // The program is run once more before it is reported.
  expect(campaign.totals).toMatch(/^2 programs, 2 operations, .* 1 differences$/);
  expect(connections).toEqual([]);
});
