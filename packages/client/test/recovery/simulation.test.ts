/**
 * Made-up programs against faults, with what has to hold at the end. They are the same in each run, so that no run fails by
 * chance: new ones are for `scripts/recovery-campaign.ts`. `PUKA_SEED` chooses another first program.
 */
import { expect, it } from 'vitest';
import { campaign } from './campaign/campaign.ts';

/** Fewer, and not shortened, where faults are put into the sources to see whether they are found. */
const programs = Number(process.env.PUKA_PROGRAMS ?? 300);
const firstSeed = Number(process.env.PUKA_SEED || 1);
const mostTries = Number(process.env.PUKA_SHORTEN ?? 200);

it(`${programs} programs keep every promise`, { timeout: 240_000 }, async () => {
  const failures = await campaign(firstSeed, programs, 1, mostTries);
  expect(failures, failures[0]?.wrong[0]).toEqual([]);
});
