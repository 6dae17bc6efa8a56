import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Diagnostics } from '../../src/diagnostics/diagnostics.ts';
import { addDiagnostics, listenersOf } from '../../src/diagnostics/listeners.ts';

describe('listeners', () => {
  it('of all clients come before those of the client, each once, until they are taken away', () => {
    const [one, two, three]: Diagnostics[] = [{}, {}, {}];
    expect(listenersOf(undefined)).toEqual([]);
    const takeAway = addDiagnostics(one as Diagnostics);
    const takeAwayToo = addDiagnostics(two as Diagnostics);
    expect(listenersOf([three, one] as Diagnostics[])).toEqual([one, two, three]);
    expect(listenersOf(three)[2]).toBe(three);
    takeAway();
    expect(listenersOf(undefined)[0]).toBe(two);
    takeAwayToo();
    expect(listenersOf(undefined)).toEqual([]);
  });

  it.each([[null], ['x'], [() => {}], [[[null]]], [{ publishStarted: 5 }]])('%j is refused', (given) => {
    expect(() => listenersOf(given as Diagnostics)).toThrow(UsageError);
    if (!Array.isArray(given)) expect(() => addDiagnostics(given as Diagnostics)).toThrow(UsageError);
    expect(listenersOf(undefined)).toEqual([]);
  });
});
