/** Random programs against random faults, with what has to hold at the end. `PUKA_SEED` chooses the first program. */
import { expect, it } from 'vitest';
import { newSeed } from '../seeded.ts';
import { campaign } from './campaign/campaign.ts';

/** Fewer, and not shortened, where faults are put into the sources to see whether they are found. */
const programs = Number(process.env.PUKA_PROGRAMS ?? 300);
const mostTries = Number(process.env.PUKA_SHORTEN ?? 200);

it(`${programs} programs keep every promise`, { timeout: 240_000 }, async () => {
  const failures = await campaign(newSeed() % 1_000_000, programs, 1, mostTries);
  expect(failures, failures[0]?.wrong[0]).toEqual([]);
});
