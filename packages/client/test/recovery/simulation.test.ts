/** Random programs against random faults, with what has to hold at the end. `PUKA_SEED` chooses the first program. */
import { expect, it } from 'vitest';
import { newSeed } from '../seeded.ts';
import { campaign } from './campaign/campaign.ts';

const programs = 300;

it(`${programs} programs keep every promise`, { timeout: 240_000 }, async () => {
  const failures = await campaign(newSeed() % 1_000_000, programs, 1);
  expect(failures).toEqual([]);
});
