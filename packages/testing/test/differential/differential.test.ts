/**
 * A few random programs of both kinds on both brokers, the same with each run of the suite. What nobody has seen yet is looked
 * for by the command in `run.ts`, which runs thousands: what it finds must not stop who has changed something else.
 */
import { type Broker, launchBroker } from '@puka/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Campaign } from './campaign.ts';
import { anything } from './programs.ts';
import { queueLife } from './queue-life.ts';
import { embeddedStages, realStages } from './stages.ts';

const lanes = 4;
let rabbit: Broker;

beforeAll(async () => {
  rabbit = await launchBroker();
});

afterAll(() => rabbit.stop());

it.each([
  { about: 'anything', make: anything, programs: 40, seed: 1 },
  { about: 'anything', make: anything, programs: 40, seed: 11 },
  { about: 'the life of one queue', make: queueLife, programs: 20, seed: 1 },
  { about: 'the life of one queue', make: queueLife, programs: 20, seed: 11 },
])(
  'the embedded broker does as RabbitMQ in random programs about $about, seed $seed',
  async ({ make, programs, seed }) => {
    const embedded = await embeddedStages(lanes);
    const real = await realStages(rabbit, lanes);
    const campaign = new Campaign(real, embedded.stages, {
      ...{ programs, seed, steps: 25, mostDifferences: 1, shrinkMs: 20_000 },
      make,
    });
    await campaign.fight();
    await embedded.stop();
    expect(campaign.differences).toEqual([]);
    expect(campaign.tally.programs).toBeGreaterThanOrEqual(programs);
  },
  // Where RabbitMQ does a program now so, now so, it is run up to forty times, and waited for in each.
  600_000,
);
