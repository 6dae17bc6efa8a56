import { describe, expect, it } from 'vitest';
import {
  type ConnectionState,
  connectionInputOf,
  connectionTransitions,
  nextConnectionState,
} from '../../src/session/connection-states.ts';

const states = Object.keys(connectionTransitions) as ConnectionState[];
const inputs = [...new Set(states.flatMap((state) => Object.keys(connectionTransitions[state])))];

describe('connection states', () => {
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

  it('take no step of the handshake a second time', () => {
    expect(nextConnectionState('awaitingTune', 'connection.start')).toBeUndefined();
    expect(nextConnectionState('open', 'connection.tune')).toBeUndefined();
    expect(nextConnectionState('open', 'connection.open-ok')).toBeUndefined();
    expect(nextConnectionState('open', 'connection.close-ok')).toBeUndefined();
  });

  it('know the methods of a broker, and neither those of a client nor what is no method', () => {
    expect(connectionInputOf('connection.tune')).toBe('connection.tune');
    expect(connectionInputOf('connection.tune-ok')).toBeUndefined();
    expect(connectionInputOf('close')).toBeUndefined();
    expect(connectionInputOf('basic.ack')).toBeUndefined();
  });
});
