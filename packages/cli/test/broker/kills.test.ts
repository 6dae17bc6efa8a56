import { type EnsuredBroker, ensureBroker } from '@puka/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killMoves, killRestores } from '../kills/killed-runs.ts';

let broker: EnsuredBroker;
beforeAll(async () => {
  broker = await ensureBroker();
});
afterAll(() => broker.stop());

test.each([
  ['move', killMoves],
  ['restore', killRestores],
])('a killed puka %s has lost nothing when it is run again, and has made few doubles', async (_name, run) => {
  const result = await run({ url: broker.url, kills: 2, messages: 800, random: Math.random });
  expect(result.killed).toBeGreaterThan(0);
  expect(result.lost).toBe(0);
  expect(result.doubles).toBeLessThanOrEqual(result.maxDoubles);
});
