/**
 * A few random programs of both kinds on both brokers, with each run of the suite: of one seed always, and of one that is new
 * each time and stands in the name of the test. Thousands of them run by the command in `run.ts`.
 */
import { type Broker, launchBroker } from '@puka/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Campaign } from './campaign.ts';
import { anything } from './programs.ts';
import { queueLife } from './queue-life.ts';
import { embeddedStages, realStages } from './stages.ts';

const lanes = 4;
const newSeed = Date.now() % 1_000_000;
let rabbit: Broker;

beforeAll(async () => {
  rabbit = await launchBroker();
});

afterAll(() => rabbit.stop());

it.each([
  { about: 'anything', make: anything, programs: 40, seed: 1 },
  { about: 'anything', make: anything, programs: 40, seed: newSeed },
  { about: 'the life of one queue', make: queueLife, programs: 20, seed: 1 },
  { about: 'the life of one queue', make: queueLife, programs: 20, seed: newSeed },
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
  120_000,
);
