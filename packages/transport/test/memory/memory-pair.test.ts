import { ConnectionBroken, UsageError } from '@puka/errors';
import { Recorder } from '@puka/testkit/transport-contract';
import type { MemoryPairOptions, MemoryTransport } from '@puka/transport/memory';
import { createMemoryPair } from '@puka/transport/memory';
import { describe, expect, it } from 'vitest';
import { movesDuring } from '../count-moves.ts';

describe('createMemoryPair', () => {
  it('does nothing until its scheduler runs a task', () => {
    const { a, recorderB, runTasks } = makePair();
    a.write([Uint8Array.of(1)]);
    a.end();
    expect(recorderB.events).toEqual([]);
    runTasks();
    expect(recorderB.events).toEqual(['data', 'end']);
  });

  it('hands over one piece a task, as it was written', () => {
    const { a, recorderB, runTasks, step } = makePair();
    runTasks();
    a.write([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    step();
    expect(recorderB.chunks).toEqual([Uint8Array.of(1, 2)]);
    expect(a.bufferedBytes).toBe(1);
    step();
    expect(recorderB.chunks).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  });

  it('cuts what is longer than splitBytes', () => {
    const { a, recorderB, runTasks } = makePair({ splitBytes: 2 });
    a.write([Uint8Array.of(1, 2, 3, 4, 5)]);
    runTasks();
    expect(recorderB.chunks.map((chunk) => [...chunk])).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('copies, so that the writer may use its bytes again once they are gone', () => {
    const { a, recorderB, runTasks } = makePair();
    const bytes = Uint8Array.of(1, 2, 3);
    a.write([bytes]);
    runTasks();
    bytes.fill(0);
    expect(recorderB.chunks).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('hands successive pieces over side by side in one buffer', () => {
    const { a, recorderB, runTasks } = makePair();
    a.write([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    runTasks();
    const [first, second] = recorderB.chunks;
    expect(second?.buffer).toBe(first?.buffer);
    expect(second?.byteOffset).toBe(2);
  });

  it('answers false from the high-water mark on, and drains when all is gone', () => {
    const { a, recorderA, runTasks } = makePair({ highWaterMarkBytes: 3 });
    expect(a.write([Uint8Array.of(1, 2)])).toBe(true);
    expect(a.write([Uint8Array.of(3)])).toBe(false);
    expect(a.write([])).toBe(false);
    runTasks();
    expect(recorderA.events).toEqual(['drain']);
    expect(a.write([Uint8Array.of(1, 2)])).toBe(true);
  });

  it('keeps what is written while the other end is paused', () => {
    const { a, b, recorderB, runTasks } = makePair();
    b.pause();
    a.write([Uint8Array.of(1, 2)]);
    runTasks();
    expect(a.bufferedBytes).toBe(2);
    b.resume();
    runTasks();
    expect(a.bufferedBytes).toBe(0);
    expect(recorderB.receivedBytes).toBe(2);
  });

  it('closes both ends when both have ended', () => {
    const { a, b, recorderA, recorderB, runTasks } = makePair();
    a.end();
    runTasks();
    expect([recorderA.events, recorderB.events]).toEqual([[], ['end']]);
    b.write([Uint8Array.of(1)]);
    b.end();
    runTasks();
    expect([recorderA.events, recorderB.events]).toEqual([
      ['data', 'end', 'close'],
      ['end', 'close'],
    ]);
  });

  it('loses what is buffered at close(), and ends the other side', () => {
    const { a, recorderA, recorderB, runTasks } = makePair();
    a.write([Uint8Array.of(1)]);
    a.close();
    expect(a.bufferedBytes).toBe(0);
    runTasks();
    expect([recorderA.events, recorderB.events]).toEqual([['close'], ['end']]);
  });

  it('breaks an end that writes to one that is closed', () => {
    const { a, b, recorderB, runTasks } = makePair();
    a.close();
    runTasks();
    b.write([Uint8Array.of(1)]);
    runTasks();
    expect(recorderB.events).toEqual(['end', 'close']);
    expect(recorderB.closeError).toBeInstanceOf(ConnectionBroken);
    expect(recorderB.closeError?.message).toContain('EPIPE');
  });

  it('breaks both ends if bytes were transferred before they were handed over', () => {
    const { a, recorderA, recorderB, runTasks } = makePair();
    const lost = new Uint8Array(10);
    a.write([Uint8Array.of(1), lost, Uint8Array.of(2)]);
    structuredClone(lost, { transfer: [lost.buffer] });
    runTasks();
    expect([recorderA.events, recorderB.events]).toEqual([['close'], ['data', 'close']]);
    expect(recorderA.closeError?.message).toContain('transferred');
    expect(recorderB.closeError?.message).toContain('ECONNRESET');
  });

  it('breaks the other end at reset(), with the cause given', () => {
    const { a, recorderA, recorderB, runTasks } = makePair();
    const cause = new Error('cable cut');
    a.write([Uint8Array.of(1)]);
    a.reset(cause);
    runTasks();
    expect(recorderA.events).toEqual(['close']);
    expect(recorderA.closeError).toBeUndefined();
    expect(recorderB.events).toEqual(['close']);
    expect(recorderB.closeError?.cause).toBe(cause);
  });

  it('breaks the other end with ECONNRESET when reset() names no cause', () => {
    const { a, recorderB, runTasks } = makePair();
    a.reset();
    runTasks();
    expect(recorderB.closeError?.message).toContain('ECONNRESET');
  });

  it('uses the mode asked for at each end', () => {
    const { a, b, recorderA, recorderB, runTasks } = makePair({ mode: ['push', 'pull'] });
    a.write([Uint8Array.of(1)]);
    b.write([Uint8Array.of(2)]);
    runTasks();
    expect([recorderA.events, recorderB.events]).toEqual([['data'], ['readable']]);
    expect(b.read()).toEqual(Uint8Array.of(1));
  });

  it('delivers by itself when no scheduler is given', async () => {
    const recorder = new Recorder();
    const [a] = createMemoryPair(new Recorder(), recorder);
    a.write([Uint8Array.of(1)]);
    expect(recorder.events).toEqual([]);
    await recorder.untilReceived(1);
  });

  it('moves each of 100,000 small chunks a few times at most', () => {
    const { a, recorderB, runTasks } = makePair();
    const chunk = Uint8Array.of(1);
    const moves = movesDuring(() => {
      for (let i = 0; i < 100_000; i++) a.write([chunk]);
      runTasks();
    });
    expect(recorderB.receivedBytes).toBe(100_000);
    expect(moves).toBeLessThan(4 * 100_000);
  });

  it('has no TLS, no descriptor and no socket', async () => {
    const { a } = makePair();
    await expect(a.startTls({}, 'memory')).rejects.toBeInstanceOf(UsageError);
    expect(a.fd).toBeUndefined();
    expect(a.socket).toBeUndefined();
  });

  it('refuses sizes under 1', () => {
    expect(() => makePair({ splitBytes: 0 })).toThrow(UsageError);
    expect(() => makePair({ highWaterMarkBytes: Number.NaN })).toThrow(UsageError);
  });
});

interface PairScene {
  readonly a: MemoryTransport;
  readonly b: MemoryTransport;
  readonly recorderA: Recorder;
  readonly recorderB: Recorder;
  /** Runs one task. */
  readonly step: () => void;
  /** Runs tasks until there are none. */
  readonly runTasks: () => void;
}

function makePair(options?: MemoryPairOptions): PairScene {
  const tasks: (() => void)[] = [];
  const recorderA = new Recorder();
  const recorderB = new Recorder();
  const [a, b] = createMemoryPair(recorderA, recorderB, { ...options, schedule: (task) => tasks.push(task) });
  const step = (): void => tasks.shift()?.();
  const runTasks = (): void => {
    while (tasks.length > 0) step();
  };
  return { a, b, recorderA, recorderB, step, runTasks };
}
