import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deadlines } from '../../src/model/deadlines.ts';

it('returns what is due in its order, whatever has changed meanwhile', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat(99)), { maxLength: 60 }), (changes) => {
      const owners = Array.from({ length: 10 }, (_, name) => ({ name, deadlineMs: Number.POSITIVE_INFINITY }));
      const deadlines = new Deadlines<(typeof owners)[number]>();
      for (const [at, atMs] of changes) {
        const owner = owners[at];
        if (owner === undefined) continue;
        owner.deadlineMs = atMs;
        deadlines.changed(owner);
      }
      const times: number[] = [];
      for (let due = deadlines.takeDue(1000); due !== undefined; due = deadlines.takeDue(1000)) {
        times.push(due.deadlineMs);
        due.deadlineMs = Number.POSITIVE_INFINITY;
      }
      const wanted = new Map(changes);
      expect(times).toEqual([...wanted.values()].sort((a, b) => a - b));
    }),
  );
});

it('returns nothing before its time', () => {
  const deadlines = new Deadlines<{ deadlineMs: number }>();
  deadlines.changed({ deadlineMs: 10 });
  expect([deadlines.takeDue(9), deadlines.nextMs]).toEqual([undefined, 10]);
});
