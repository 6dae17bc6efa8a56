import { expect, it } from 'vitest';
import { Conditions } from '../../src/watching/conditions.ts';
import { Waits } from '../../src/watching/waits.ts';

it('ends at once where it holds already', async () => {
  await new Conditions(new Waits()).until(() => true, {});
});

it('is asked only when something has happened', async () => {
  const conditions = new Conditions(new Waits());
  let asked = 0;
  const wait = conditions.until(() => ++asked === 3, {});
  expect(asked).toBe(1);
  conditions.turnOver();
  expect(asked).toBe(2);
  conditions.turnOver();
  await wait;
  conditions.turnOver();
  expect(asked).toBe(3);
});

it('rejects with what a condition throws, and rejects nothing else', async () => {
  const conditions = new Conditions(new Waits());
  let isBroken = false;
  const broken = conditions.until(() => {
    if (isBroken) throw new Error('mine');
    return false;
  }, {});
  const other = conditions.until(() => isBroken, {});
  isBroken = true;
  conditions.turnOver();
  await expect(broken).rejects.toThrow('mine');
  await other;
});
