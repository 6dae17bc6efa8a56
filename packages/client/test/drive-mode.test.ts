import { UsageError } from '@puka/errors';
import { VirtualClock } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { DriveMode } from '../src/drive-mode.ts';
import { Callbacks } from '../src/operations/callbacks.ts';
import { defaultRuntime } from '../src/runtime/runtime.ts';

function scene(isManual: boolean) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const turns: (() => void)[] = [];
  const callbacks = new Callbacks({ turnIsDue: () => {}, unobserved: () => {} });
  const drive = new DriveMode(isManual, {
    runtime: {
      ...defaultRuntime,
      now: clock.now,
      startTimer: (callback, ms) => ({ unref: clock.after(ms, callback) }),
      stopTimer: (timer) => timer.unref?.(),
      atTurnEnd: (callback) => turns.push(callback),
    },
    callbacks,
    life: {
      connection: {
        driver: {
          turnFollows: false,
          nextDeadlineMs: 5000,
          handleTimeout: () => done.push('handleTimeout'),
          flush: () => done.push('flush'),
          modeChanged: () => done.push(drive.isAutomatic ? 'automatic' : 'by hand'),
        },
      },
    },
  });
  return { clock, done, turns, drive };
}

describe('a client that works by itself', () => {
  it('does what is due with no connection there, and flushes after it', () => {
    const { clock, done, drive } = scene(false);
    drive.deadlines.add(100, () => done.push('due'));
    clock.advance(99);
    expect(done).toEqual([]);
    clock.advance(1);
    expect(done).toEqual(['due', 'flush']);
  });

  it('schedules one turn at a time', () => {
    const { turns, drive } = scene(false);
    drive.scheduleTurn();
    drive.scheduleTurn();
    expect(turns).toHaveLength(1);
    turns[0]?.();
    drive.scheduleTurn();
    expect(turns).toHaveLength(2);
  });

  it('cannot be driven by hand', () => {
    expect(() => scene(false).drive.checkManual('onRead')).toThrow(UsageError);
  });
});

describe('a client that is driven by hand', () => {
  it('does nothing by itself', () => {
    const { clock, done, turns, drive } = scene(true);
    drive.deadlines.add(100, () => done.push('due'));
    drive.scheduleTurn();
    clock.advance(1000);
    expect([done, turns]).toEqual([[], []]);
    expect(drive.nextDeadlineMs).toBe(100);
  });

  it('works by itself while a caller waits, until the last one has done so', () => {
    const { clock, done, drive } = scene(true);
    drive.deadlines.add(100, () => done.push('due'));
    const [first, second] = [drive.hold(), drive.hold()];
    clock.advance(100);
    first();
    first();
    expect(drive.isAutomatic).toBe(true);
    second();
    expect(done).toEqual(['automatic', 'due', 'flush', 'by hand']);
    drive.deadlines.add(200, () => done.push('late'));
    clock.advance(1000);
    expect(done).not.toContain('late');
  });

  it('is due when the connection or a time limit is, and does both', () => {
    const { clock, done, drive } = scene(true);
    expect(drive.nextTimeoutMs).toBe(5000);
    drive.deadlines.add(100, () => done.push('due'));
    expect(drive.nextTimeoutMs).toBe(100);
    clock.advance(100);
    drive.handleTimeout();
    expect(done).toEqual(['handleTimeout', 'due']);
  });
});
