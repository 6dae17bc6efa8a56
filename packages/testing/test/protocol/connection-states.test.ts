import { expect, it } from 'vitest';
import { connectionInputOf, connectionTransitions, nextConnectionState } from '../../src/protocol/connection-states.ts';

const states = Object.keys(connectionTransitions) as (keyof typeof connectionTransitions)[];
const inputs = [
  ...['header', 'connection.start-ok', 'connection.tune-ok', 'connection.open', 'connection.close'],
  ...['connection.close-ok', 'connection.update-secret', 'channel', 'refuse', 'silence', 'lost'],
] as Parameters<typeof nextConnectionState>[1][];

/** Every state with every input; what is not here is an error. */
const allowed = `
  closed channel closed / closed connection.close closed / closed connection.close-ok gone / closed lost gone
  closing channel closing / closing connection.close closing / closing connection.close-ok gone / closing lost gone
  closing silence silent / header header starting / header lost gone / header silence silent
  opening connection.open running / opening lost gone / opening refuse closing / opening silence silent
  running channel running / running connection.close closed / running connection.update-secret running
  running lost gone / running refuse closing / running silence silent / silent lost gone
  starting connection.start-ok tuning / starting lost gone / starting refuse closing / starting silence silent
  tuning connection.tune-ok opening / tuning lost gone / tuning silence silent`
  .split(/[/\n]/)
  .map((line) => line.trim())
  .filter((line) => line !== '');

it('moves on by the table, in every state and by every input', () => {
  const walked = states.flatMap((state) =>
    inputs.flatMap((input) => {
      const next = nextConnectionState(state, input);
      return next === undefined ? [] : [`${state} ${input} ${next}`];
    }),
  );
  expect(walked.sort()).toEqual(allowed.sort());
});

it('knows the methods of a client that can come in some state', () => {
  expect([connectionInputOf('connection.open'), connectionInputOf('connection.tune')]).toEqual([
    'connection.open',
    undefined,
  ]);
});
