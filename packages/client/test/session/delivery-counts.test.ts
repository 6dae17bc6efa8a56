import { expect, it } from 'vitest';
import { addedCounts, noDeliveries } from '../../src/session/delivery-counts.ts';

it('counts are added one by one', () => {
  const one = { received: 1, acked: 2, rejected: 3, unsettled: 4 };
  expect(addedCounts(one, { received: 10, acked: 20, rejected: 30, unsettled: 40 })).toEqual({
    ...{ received: 11, acked: 22, rejected: 33, unsettled: 44 },
  });
  expect(addedCounts(one)).toEqual(one);
  expect(addedCounts(noDeliveries, one)).toEqual(one);
});
