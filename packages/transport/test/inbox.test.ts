import { ConnectionBroken, UsageError } from '@puka/errors';
import { Recorder } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';
import { Inbox } from '../src/inbox.ts';
import { movesDuring } from './count-moves.ts';

const some = Uint8Array.of(1, 2, 3);
const more = Uint8Array.of(4);
const broken = new ConnectionBroken('broken');

describe('Inbox in push mode', () => {
  it('hands nothing over before it is opened, then all in order', () => {
    const { inbox, recorder } = makeInbox('push');
    inbox.receive(some);
    inbox.receiveEnd();
    inbox.receiveClose(undefined);
    expect(recorder.events).toEqual([]);
    inbox.open();
    expect(recorder.events).toEqual(['data', 'end', 'close']);
  });

  it('hands over what came before an error, when it was not open yet', () => {
    const { inbox, recorder } = makeInbox('push');
    inbox.receive(some);
    inbox.receiveClose(broken);
    inbox.open();
    expect(recorder.events).toEqual(['data', 'close']);
    expect(recorder.closeError).toBe(broken);
  });

  it('hands bytes straight on, by reference', () => {
    const { inbox, recorder } = makeInbox('push', { isOpen: true });
    inbox.receive(some);
    expect(recorder.chunks[0]).toBe(some);
    expect(inbox.heldBytes).toBe(0);
  });

  it('stops its source on pause(), and again each time that one delivers all the same', () => {
    const { inbox, recorder, calls } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.pause();
    inbox.receive(some);
    inbox.receive(more);
    expect(recorder.events).toEqual([]);
    expect(inbox.heldBytes).toBe(4);
    expect(calls).toEqual(['stop', 'stop', 'stop']);
  });

  it('starts its source only after everything held is handed over', () => {
    const { inbox, recorder, calls, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.receive(more);
    recorder.during = () => calls.push('handler');
    inbox.resume();
    expect(recorder.events).toEqual([]);
    runTasks();
    expect(calls.slice(-3)).toEqual(['handler', 'handler', 'start']);
  });

  it('stops handing over when paused inside a handler, and keeps the order', () => {
    const { inbox, recorder, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.receive(more);
    inbox.receiveEnd();
    recorder.during = () => inbox.pause();
    inbox.resume();
    runTasks();
    expect(recorder.chunks).toEqual([some]);
    inbox.resume();
    runTasks();
    expect(recorder.chunks).toEqual([some, more]);
    expect(recorder.count('end')).toBe(0);
    inbox.resume();
    runTasks();
    expect(recorder.events).toEqual(['data', 'data', 'end']);
  });

  it('keeps bytes that arrive while it hands over held ones, after those', () => {
    const { inbox, recorder, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    recorder.during = () => {
      if (recorder.chunks.length === 1) inbox.receive(more);
    };
    inbox.resume();
    runTasks();
    expect(recorder.chunks).toEqual([some, more]);
  });

  it('lets an error through a pause, and drops what it held', () => {
    const { inbox, recorder, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.receiveClose(broken);
    expect(recorder.events).toEqual(['close']);
    inbox.resume();
    runTasks();
    expect(recorder.events).toEqual(['close']);
    expect(inbox.heldBytes).toBe(0);
  });

  it('reports one end and one close, whatever comes', () => {
    const { inbox, recorder } = makeInbox('push', { isOpen: true });
    inbox.receiveEnd();
    inbox.receiveEnd();
    inbox.receiveClose(undefined);
    inbox.receiveClose(broken);
    inbox.receive(some);
    inbox.receiveEnd();
    expect(recorder.events).toEqual(['end', 'close']);
    expect(recorder.closeError).toBeUndefined();
    expect(inbox.isClosed).toBe(true);
  });

  it('reports only the close after discard()', () => {
    const { inbox, recorder, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.discard();
    inbox.resume();
    inbox.receive(more);
    inbox.receiveEnd();
    runTasks();
    expect(recorder.events).toEqual([]);
    inbox.receiveClose(undefined);
    expect(recorder.events).toEqual(['close']);
  });

  it('reports, after discard(), a close that had to wait for a pause', () => {
    const { inbox, recorder, runTasks } = makeInbox('push', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.receiveClose(undefined);
    inbox.discard();
    expect(recorder.events).toEqual([]);
    runTasks();
    expect(recorder.events).toEqual(['close']);
  });

  it('refuses read()', () => {
    expect(() => makeInbox('push').inbox.read()).toThrow(UsageError);
  });
});

describe('Inbox in pull mode', () => {
  it('announces once until it is read empty', () => {
    const { inbox, recorder } = makeInbox('pull', { isOpen: true });
    inbox.receive(some);
    inbox.receive(more);
    expect(recorder.events).toEqual(['readable']);
    expect(inbox.read()).toBe(some);
    inbox.receive(some);
    expect([inbox.read(), inbox.read(), inbox.read()]).toEqual([more, some, undefined]);
    expect(recorder.events).toEqual(['readable']);
    inbox.receive(more);
    expect(recorder.events).toEqual(['readable', 'readable']);
  });

  it('reads ahead 64 KiB, and goes on when all is read', () => {
    const { inbox, calls } = makeInbox('pull', { isOpen: true });
    inbox.receive(new Uint8Array(65_535));
    expect(calls).toEqual([]);
    inbox.receive(more);
    expect(calls).toEqual(['stop']);
    inbox.read();
    expect(calls).toEqual(['stop']);
    inbox.read();
    expect(calls).toEqual(['stop', 'start']);
  });

  it('reports the end inside read(), and the close after it', () => {
    const { inbox, recorder, runTasks } = makeInbox('pull', { isOpen: true });
    inbox.receive(some);
    inbox.receiveEnd();
    inbox.receiveClose(undefined);
    inbox.read();
    expect(recorder.events).toEqual(['readable']);
    inbox.read();
    expect(recorder.events).toEqual(['readable', 'end']);
    runTasks();
    expect(recorder.events).toEqual(['readable', 'end', 'close']);
  });

  it('still returns what it held after an error, and no end', () => {
    const { inbox, recorder, runTasks } = makeInbox('pull', { isOpen: true });
    inbox.receive(some);
    inbox.receiveEnd();
    inbox.receiveClose(broken);
    expect(recorder.events).toEqual(['readable', 'close']);
    expect([inbox.read(), inbox.read()]).toEqual([some, undefined]);
    runTasks();
    expect(recorder.events).toEqual(['readable', 'close']);
  });

  it('takes pause() and resume() as nothing', () => {
    const { inbox, recorder, calls } = makeInbox('pull', { isOpen: true });
    inbox.pause();
    inbox.receive(some);
    inbox.resume();
    expect(recorder.events).toEqual(['readable']);
    expect(calls).toEqual([]);
  });
});

describe.each(['push', 'pull'] as const)('Inbox that holds much in %s mode', (mode) => {
  it('moves each of 100,000 reads a few times at most', () => {
    const { inbox, recorder, runTasks } = makeInbox(mode, { isOpen: true });
    inbox.pause();
    let readCount = 0;
    const moves = movesDuring(() => {
      for (let i = 0; i < 100_000; i++) inbox.receive(more);
      inbox.resume();
      runTasks();
      while (mode === 'pull' && inbox.read() !== undefined) readCount += 1;
    });
    expect(recorder.receivedBytes + readCount).toBe(100_000);
    expect(moves).toBeLessThan(4 * 100_000);
  });
});

interface InboxScene {
  readonly inbox: Inbox;
  readonly recorder: Recorder;
  /** What its source was called with. */
  readonly calls: string[];
  readonly runTasks: () => void;
}

function makeInbox(mode: 'push' | 'pull', { isOpen = false } = {}): InboxScene {
  const recorder = new Recorder();
  const calls: string[] = [];
  const tasks: (() => void)[] = [];
  const source = { startReading: () => calls.push('start'), stopReading: () => calls.push('stop') };
  const inbox = new Inbox({ handlers: recorder, mode, source, schedule: (task) => tasks.push(task) });
  if (isOpen) inbox.open();
  const runTasks = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  return { inbox, recorder, calls, runTasks };
}
