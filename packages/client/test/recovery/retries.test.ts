import { NotFound, ResourceLocked } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { keyOf, Retries } from '../../src/recovery/retries.ts';
import type { RecordedBinding, RecordedQueue } from '../../src/topology/recorded-entity.ts';

const options = { minDelay: 100, maxDelay: 350, retryFor: 1000 };
const queue = { kind: 'queue', queue: 'q' } as RecordedQueue; // What the retries look at.
const binding = { kind: 'binding', destination: 'q', source: 'x' } as RecordedBinding; // As above.
const error = new NotFound('NOT_FOUND', { scope: 'channel' });

describe('what is tried again', () => {
  it('waits longer from try to try, up to maxDelay, and is over after retryFor', () => {
    const retries = new Retries(options);
    const seen = [0, 100, 300, 650, 999, 1000].map((nowMs) => [
      retries.refused(queue, error, 'away', nowMs, 60_000),
      retries.delayMs('q'),
    ]);
    expect(seen).toEqual([
      ['first', 100],
      ['again', 200],
      ['again', 350],
      ['again', 350],
      ['again', 350],
      ['over', undefined],
    ]);
    expect(retries.size).toBe(0);
    expect(retries.refused(queue, error, 'away', 5000, 60_000)).toBe('first');
  });

  it('has a pace and an end of its own where it is locked', () => {
    const retries = new Retries(options);
    const locked = new ResourceLocked('RESOURCE_LOCKED', { scope: 'channel' });
    expect(retries.refused(queue, locked, 'locked', 0, 20_000)).toBe('first');
    expect(retries.delayMs('q')).toBe(250);
    expect(retries.refused(queue, locked, 'locked', 19_999, 20_000)).toBe('again');
    expect(retries.delayMs('q')).toBe(375);
    expect(retries.refused(queue, locked, 'locked', 20_000, 20_000)).toBe('over');
  });

  it('is found under the name of a queue, or the binding itself, and forgotten when it is restored', () => {
    const retries = new Retries(options);
    retries.refused(queue, error, 'away', 10, 0);
    retries.refused(binding, error, 'missing', 20, 0);
    expect(retries.keys()).toEqual(['q', binding]);
    expect([keyOf(queue), keyOf(binding)]).toEqual(['q', binding]);
    expect(retries.list(100)).toEqual([
      { entity: queue, error, sinceMs: 90 },
      { entity: binding, error, sinceMs: 80 },
    ]);
    for (const key of retries.keys()) retries.delete(key);
    expect([retries.has('q'), retries.has(binding), retries.size]).toEqual([false, false, 0]);
  });
});
