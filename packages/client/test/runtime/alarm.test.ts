import { VirtualClock } from '@puka/testkit';
import { describe, expect, it } from 'vitest';
import { Alarm } from '../../src/runtime/alarm.ts';
import { defaultRuntime, type Runtime } from '../../src/runtime/runtime.ts';

class Scene {
  readonly clock = new VirtualClock();
  readonly started: { readonly ms: number; readonly keepsProcess: boolean | undefined }[] = [];
  isAutomatic = true;
  nextDeadlineMs = Number.POSITIVE_INFINITY;
  keepsProcess = false;
  calls = 0;
  running = 0;
  readonly alarm: Alarm;

  constructor() {
    const runtime: Runtime = {
      ...defaultRuntime,
      now: this.clock.now,
      startTimer: (callback, ms, keepsProcess) => {
        this.started.push({ ms, keepsProcess });
        this.running++;
        const undo = this.clock.after(ms, () => {
          this.running--;
          callback();
        });
        return {
          unref: () => {
            this.running--;
            undo();
          },
        };
      },
      stopTimer: (timer) => timer.unref?.(),
    };
    this.alarm = new Alarm(this, runtime);
  }

  expired(): void {
    this.calls++;
    this.nextDeadlineMs = Number.POSITIVE_INFINITY;
  }
}

describe('an alarm', () => {
  it('has no timer where nothing is due', () => {
    const scene = new Scene();
    scene.alarm.rearm();
    expect(scene.running).toBe(0);
  });

  it('calls at the deadline, and again at the next', () => {
    const scene = new Scene();
    scene.nextDeadlineMs = 100;
    scene.alarm.rearm();
    scene.clock.advance(99);
    expect(scene.calls).toBe(0);
    scene.clock.advance(1);
    expect(scene.calls).toBe(1);
    expect(scene.running).toBe(0);
    scene.nextDeadlineMs = 250;
    scene.alarm.rearm();
    scene.clock.advance(150);
    expect(scene.calls).toBe(2);
  });

  it('keeps a timer that is early enough, and replaces one that is late', () => {
    const scene = new Scene();
    scene.nextDeadlineMs = 100;
    scene.alarm.rearm();
    scene.nextDeadlineMs = 200;
    scene.alarm.rearm();
    scene.nextDeadlineMs = 50;
    scene.alarm.rearm();
    expect(scene.started.map(({ ms }) => ms)).toEqual([100, 50]);
    expect(scene.running).toBe(1);
  });

  it('replaces a timer that keeps the process when this is no longer needed, and the other way round', () => {
    const scene = new Scene();
    scene.nextDeadlineMs = 100;
    scene.keepsProcess = true;
    scene.alarm.rearm();
    scene.keepsProcess = false;
    scene.alarm.rearm();
    scene.keepsProcess = true;
    scene.alarm.rearm();
    expect(scene.started.map(({ keepsProcess }) => keepsProcess)).toEqual([true, false, true]);
    expect(scene.running).toBe(1);
  });

  it('has no timer while its owner is driven by hand', () => {
    const scene = new Scene();
    scene.nextDeadlineMs = 100;
    scene.alarm.rearm();
    scene.isAutomatic = false;
    scene.alarm.disarm();
    scene.alarm.rearm();
    scene.clock.advance(1000);
    expect(scene.calls).toBe(0);
  });

  it('waits for a time that no single timer takes', () => {
    const scene = new Scene();
    scene.nextDeadlineMs = 0x7fff_ffff * 2;
    scene.alarm.rearm();
    expect(scene.started).toEqual([{ ms: 0x7fff_ffff, keepsProcess: false }]);
  });
});
