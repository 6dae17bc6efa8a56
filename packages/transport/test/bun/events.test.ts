import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BunSocket } from '../../src/bun/bun-api.ts';
import { type BunSocketOwner, socketEvents } from '../../src/bun/events.ts';

const socket = {} as BunSocket;
const reason = new Error('reset');

afterEach(() => vi.unstubAllGlobals());

describe('socketEvents', () => {
  it('passes everything to the owner, a close with the error reported before it', () => {
    const { events, calls } = makeEvents({ hasOwner: true });
    events.data(socket, Uint8Array.of(1));
    events.drain(socket);
    events.end(socket);
    events.error(socket, reason);
    events.close(socket);
    expect(calls).toEqual([
      ['receive', Uint8Array.of(1)],
      ['drained'],
      ['ended'],
      ['failed', reason],
      ['closed', reason],
    ]);
  });

  it('reports a socket as lost that closes before it has an owner', () => {
    const { events, calls } = makeEvents({ hasOwner: false });
    events.data(socket, Uint8Array.of(1));
    events.error(socket, reason);
    events.close(socket);
    expect(calls).toEqual([['lost', reason]]);
  });

  it('throws what a handler throws outside of the call', () => {
    const later: (() => void)[] = [];
    vi.stubGlobal('queueMicrotask', (task: () => void) => later.push(task));
    const { events } = makeEvents({ hasOwner: true, failing: true });
    expect(() => events.data(socket, Uint8Array.of(1))).not.toThrow();
    expect(later[0]).toThrow('handler');
  });
});

function makeEvents({ hasOwner, failing = false }: { hasOwner: boolean; failing?: boolean }) {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]): void => {
      if (failing) throw new Error('handler');
      calls.push([name, ...values]);
    };
  const owner: BunSocketOwner = {
    receive: note('receive'),
    drained: note('drained'),
    ended: note('ended'),
    failed: note('failed'),
    closed: note('closed'),
  };
  const events = socketEvents({
    opened: note('opened'),
    handshake: note('handshake'),
    lost: note('lost'),
    owner: () => (hasOwner ? owner : undefined),
  });
  return { events, calls };
}
