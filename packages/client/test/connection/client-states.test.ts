import { describe, expect, it } from 'vitest';
import { type ClientInput, clientStates, nextClientState } from '../../src/connection/client-states.ts';

const inputs: readonly ClientInput[] = ['connect', 'close', 'giveUp', 'opened', 'retry', 'lost', 'ended'];

describe('the states of a client', () => {
  it('follow each other by the table', () => {
    const rows = clientStates.map((state) => [state, ...inputs.map((input) => nextClientState(state, input) ?? '-')]);
    expect(rows).toEqual([
      ['idle', 'connecting', 'idle', '-', '-', '-', '-', '-'],
      ['connecting', 'connecting', 'closing', 'closing', 'connected', 'connecting', '-', 'idle'],
      ['connected', 'connected', 'closing', '-', '-', '-', 'recovering', 'idle'],
      ['recovering', 'recovering', 'closing', 'recovering', 'connected', 'recovering', '-', 'idle'],
      ['closing', 'closing', 'closing', '-', '-', '-', '-', 'idle'],
    ]);
  });

  it('all lead back to idle', () => {
    for (const state of clientStates) {
      if (state !== 'idle') expect(nextClientState(state, 'ended')).toBe('idle');
    }
  });
});
