import { describe, expect, it } from 'vitest';
import { channelTransitions, nextChannelState } from '../../src/session/channel-states.ts';
import { connectionTransitions, nextConnectionState } from '../../src/session/connection-states.ts';

describe('connection states', () => {
  const states = Object.keys(connectionTransitions) as (keyof typeof connectionTransitions)[];
  const inputs = [...new Set(states.flatMap((state) => Object.keys(connectionTransitions[state])))];

  it('lead from every state and input to a state of the table or to none', () => {
    for (const state of states) {
      for (const input of inputs) {
        const next = nextConnectionState(state, input as 'close');
        if (next !== undefined) expect(states).toContain(next);
      }
    }
  });

  it('can all be lost and closed but are never left from closed', () => {
    for (const state of states) {
      expect(nextConnectionState(state, 'lost')).toBe('closed');
      expect(['closing', 'closed']).toContain(nextConnectionState(state, 'close'));
    }
    expect(new Set(Object.values(connectionTransitions.closed))).toEqual(new Set(['closed']));
  });

  it('take connection.close wherever a reply is awaited', () => {
    for (const state of ['awaitingStart', 'awaitingTune', 'awaitingOpenOk', 'open', 'closing'] as const) {
      expect(nextConnectionState(state, 'connection.close')).toBeDefined();
    }
  });
});

describe('channel states', () => {
  it('keep a number until the close-ok for our own close when both closes cross', () => {
    expect(nextChannelState('closing', 'channel.close')).toBe('crossed');
    expect(nextChannelState('crossed', 'channel.close-ok')).toBe('closed');
  });

  it('take content and replies only while the broker may send them', () => {
    const taking = (Object.keys(channelTransitions) as (keyof typeof channelTransitions)[]).filter(
      (state) => nextChannelState(state, 'content') !== undefined,
    );
    expect(taking).toEqual(['open', 'closing']);
  });
});
