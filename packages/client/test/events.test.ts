import { runInNewContext } from 'node:vm';
import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { Events } from '../src/events.ts';
import { Operation } from '../src/operations/operation.ts';

interface Scene {
  readonly events: Events;
  /** What listeners have thrown. */
  readonly reported: unknown[];
  readonly calls: string[];
  readonly note: (name: string) => (reason: string) => void;
}

function scene(): Scene {
  const reported: unknown[] = [];
  const calls: string[] = [];
  const note = (name: string) => (reason: string) => void calls.push(`${name} ${reason}`);
  return { events: new Events((error) => reported.push(error)), reported, calls, note };
}

describe('listeners', () => {
  it('are called in their order, with the values of the event', () => {
    const { events, calls, note } = scene();
    events.on('blocked', note('a'));
    events.on('blocked', note('b'));
    expect(events.emit('blocked', 'memory')).toBe(true);
    expect(calls).toEqual(['a memory', 'b memory']);
  });

  it('of other events are not', () => {
    const { events, calls, note } = scene();
    events.on('blocked', note('a'));
    expect(events.emit('unblocked')).toBe(false);
    expect(events.emit('closed', new ConnectionBroken('gone'))).toBe(false);
    expect(calls).toEqual([]);
  });

  it('go when they are taken away, also those of once', () => {
    const { events, calls, note } = scene();
    const [kept, gone, once] = [note('kept'), note('gone'), note('once')];
    events.on('blocked', kept);
    events.on('blocked', gone);
    events.once('blocked', once);
    events.off('blocked', gone);
    events.off('blocked', once);
    events.off('blocked', note('stranger'));
    events.emit('blocked', 'x');
    expect(calls).toEqual(['kept x']);
  });

  it('of once are called one time, also when the event comes again from inside', () => {
    const { events, calls } = scene();
    events.once('blocked', (reason) => {
      calls.push(reason);
      if (calls.length < 5) events.emit('blocked', 'again');
    });
    events.emit('blocked', 'first');
    expect(events.emit('blocked', 'last')).toBe(false);
    expect(calls).toEqual(['first']);
  });

  it('added or taken away by another listener count from the next event on', () => {
    const { events, calls, note } = scene();
    const late = note('late');
    events.once('blocked', () => events.on('blocked', late));
    events.emit('blocked', '1');
    events.emit('blocked', '2');
    expect(calls).toEqual(['late 2']);
  });
});

describe('a listener that fails', () => {
  it('by throwing is reported, and the other listeners are called', () => {
    const { events, reported, calls, note } = scene();
    const error = new Error('mine');
    events.on('blocked', () => {
      throw error;
    });
    events.on('blocked', note('after'));
    expect(events.emit('blocked', 'x')).toBe(true);
    expect(calls).toEqual(['after x']);
    expect(reported).toEqual([error]);
  });

  it('by a promise that rejects is reported too', async () => {
    const { events, reported } = scene();
    const error = new Error('mine');
    events.on('blocked', async () => {
      throw error;
    });
    events.once('unblocked', () => Promise.reject(error));
    events.emit('blocked', 'x');
    events.emit('unblocked');
    await Promise.resolve();
    await Promise.resolve();
    expect(reported).toEqual([error, error]);
  });

  it('by a promise of another realm is reported too', async () => {
    const { events, reported } = scene();
    events.on('blocked', () => runInNewContext("Promise.reject('foreign')"));
    events.emit('blocked', 'x');
    await Promise.resolve();
    expect(reported).toEqual(['foreign']);
  });

  it('by an operation that it returns is not: an operation reports its failure by itself', async () => {
    const { events, reported } = scene();
    const told: unknown[] = [];
    const host = { nextNumber: () => 1, callbackReady: () => {}, failedUnseen: () => told.push('operation') };
    const operation = new Operation<void>(host, 'basic.test', undefined);
    events.on('blocked', () => operation);
    events.emit('blocked', 'x');
    operation.reject(new Error('mine'));
    await Promise.resolve();
    expect([reported, told]).toEqual([[], ['operation']]);
  });
});
