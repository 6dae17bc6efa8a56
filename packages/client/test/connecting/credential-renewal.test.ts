import { ConnectionBroken, type PukaError } from '@puka/errors';
import { VirtualClock } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { CredentialRenewal } from '../../src/connecting/credential-renewal.ts';
import { HiddenCredentials } from '../../src/connecting/credentials.ts';

type Done = (error: PukaError | undefined) => void;

/** A renewal on a clock of the test's own; every answer of the function is one of a list. */
function scene(answers: readonly (HiddenCredentials | Error)[]) {
  const clock = new VirtualClock();
  const sent: { readonly secret: string; readonly atMs: number; readonly done: Done }[] = [];
  const failures: { readonly error: unknown; readonly atMs: number }[] = [];
  const state = { isOpen: true, asked: 0 };
  const renewal = new CredentialRenewal({
    ask: () => {
      const answer = answers[state.asked++] ?? new Error('asked too often');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    send: (secret, done) => {
      if (state.isOpen) sent.push({ secret, atMs: clock.now(), done });
      return state.isOpen;
    },
    now: clock.now,
    schedule: (atMs, call) => clock.schedule(atMs, call),
    failed: (error) => failures.push({ error, atMs: clock.now() }),
  });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { clock, sent, failures, state, renewal, advance };
}

const minute = 60_000;
const token = (name: string, lifetimeMs: number): HiddenCredentials => new HiddenCredentials('u', name, lifetimeMs);

describe('renewal', () => {
  it('asks when four fifths of the lifetime have gone, and again for what it got', async () => {
    const { renewal, sent, advance, clock } = scene([token('two', 10 * minute), token('three', minute)]);
    renewal.plan(minute, 0);
    await advance(48_000 - 1);
    expect(sent).toEqual([]);
    await advance(1);
    expect(sent).toMatchObject([{ secret: 'two', atMs: 48_000 }]);
    expect(clock.pending).toBe(0);
    sent[0]?.done(undefined);
    expect(clock.nextAt).toBe(48_000 + 8 * minute);
    await advance(8 * minute);
    expect(sent).toMatchObject([{}, { secret: 'three' }]);
  });

  it('of what never expires is never due', () => {
    const { renewal, clock } = scene([]);
    renewal.plan(Number.POSITIVE_INFINITY, 0);
    expect(clock.pending).toBe(0);
  });

  it('ends with credentials that never expire', async () => {
    const { renewal, sent, advance, clock } = scene([token('for ever', Number.POSITIVE_INFINITY)]);
    renewal.plan(minute, 0);
    await advance(minute);
    sent[0]?.done(undefined);
    expect(clock.pending).toBe(0);
  });

  it('is tried again, ever sooner, while the old credentials are valid, and reported each time', async () => {
    const errors = [new Error('one'), new Error('two'), new Error('three')];
    const { renewal, failures, sent, advance } = scene([...errors, token('late', minute)]);
    renewal.plan(minute, 0);
    for (const step of [48_000, 6000, 3000, 1500]) await advance(step);
    expect(failures.map(({ error }) => error)).toEqual(errors);
    expect(failures.map(({ atMs }) => atMs)).toEqual([48_000, 54_000, 57_000]);
    expect(sent).toMatchObject([{ secret: 'late', atMs: 58_500 }]);
  });

  it('is given up when the old credentials have expired', async () => {
    const { renewal, failures, advance, clock } = scene([new Error('one')]);
    renewal.plan(minute, 0);
    clock.schedule(48_000, () => {});
    clock.advance(2 * minute);
    await advance(0);
    expect(failures).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('never asks without a pause, however short the lifetime', async () => {
    const { renewal, sent, advance, clock } = scene([token('a', 0), token('b', -5), token('c', 1)]);
    renewal.plan(1, 0);
    for (const at of [1000, 2000, 3000]) {
      expect(clock.nextAt).toBe(at);
      await advance(1000);
      sent.at(-1)?.done(undefined);
    }
    expect(sent).toHaveLength(3);
  });

  it('stops with the connection', async () => {
    const refused = scene([token('two', minute)]);
    refused.renewal.plan(minute, 0);
    await refused.advance(minute);
    refused.sent[0]?.done(new ConnectionBroken('gone'));
    expect(refused.clock.pending).toBe(0);
    expect(refused.failures).toEqual([]);

    const gone = scene([token('two', minute)]);
    gone.state.isOpen = false;
    gone.renewal.plan(minute, 0);
    await gone.advance(minute);
    expect(gone.clock.pending).toBe(0);

    const stopped = scene([token('two', minute)]);
    stopped.renewal.plan(minute, 0);
    stopped.renewal.stop();
    await stopped.advance(minute);
    expect(stopped.state.asked).toBe(0);
  });

  it('sends nothing, and reports nothing, if it was stopped while it asked', async () => {
    for (const answer of [token('two', minute), new Error('late')]) {
      const { renewal, sent, failures, clock, advance } = scene([answer]);
      renewal.plan(minute, 0);
      clock.advance(minute);
      renewal.stop();
      await advance(0);
      expect([sent, failures, clock.pending]).toEqual([[], [], 0]);
    }
  });
});
