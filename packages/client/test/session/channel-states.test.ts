import { describe, expect, it } from 'vitest';
import { type ChannelState, channelTransitions, nextChannelState } from '../../src/session/channel-states.ts';

const states = Object.keys(channelTransitions) as ChannelState[];
const inputs = [...new Set(states.flatMap((state) => Object.keys(channelTransitions[state])))];

describe('channel states', () => {
  it('lead from every state and input to a state of the table or to none', () => {
    for (const state of states) {
      for (const input of inputs) {
        const next = nextChannelState(state, input as 'close');
        if (next !== undefined) expect(states).toContain(next);
      }
    }
  });

  it('can all be lost and closed but are never left from closed', () => {
    for (const state of states) {
      expect(nextChannelState(state, 'lost')).toBe('closed');
      expect(['closing', 'crossed', 'closed']).toContain(nextChannelState(state, 'close'));
    }
    expect(new Set(Object.values(channelTransitions.closed))).toEqual(new Set(['closed']));
  });

  it('keep a number until the close-ok for our own close when both closes cross', () => {
    expect(nextChannelState('closing', 'channel.close')).toBe('crossed');
    expect(nextChannelState('crossed', 'channel.close-ok')).toBe('closed');
  });

  it('take content and replies only while the broker may send them', () => {
    const taking = states.filter((state) => nextChannelState(state, 'content') !== undefined);
    expect(taking).toEqual(['open', 'closing']);
    expect(states.filter((state) => nextChannelState(state, 'reply') !== undefined)).toEqual(taking);
  });

  it('take a close-ok only for a close of ours', () => {
    expect(states.filter((state) => nextChannelState(state, 'channel.close-ok') !== undefined)).toEqual([
      'closing',
      'crossed',
    ]);
  });
});
