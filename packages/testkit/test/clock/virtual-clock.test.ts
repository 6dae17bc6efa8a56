import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual-clock.ts';

describe('VirtualClock', () => {
  it('does not move until it is advanced', () => {
    const clock = new VirtualClock(500);
    expect(clock.now()).toBe(500);
    clock.advance(20);
    expect(clock.now()).toBe(520);
  });

  it('runs what is due in the order of time, then of scheduling, each at its own time', () => {
    const clock = new VirtualClock();
    const ran: [string, number][] = [];
    const note = (name: string) => () => ran.push([name, clock.now()]);
    clock.schedule(30, note('late'));
    clock.schedule(10, note('early'));
    clock.schedule(10, note('early too'));
    clock.schedule(31, note('not yet'));
    clock.advance(30);
    expect(ran).toEqual([
      ['early', 10],
      ['early too', 10],
      ['late', 30],
    ]);
    expect([clock.pending, clock.nextAt]).toEqual([1, 31]);
  });

  it('runs within one advance what the callbacks schedule in it', () => {
    const clock = new VirtualClock();
    const times: number[] = [];
    const tick = (): void => {
      times.push(clock.now());
      clock.after(10, tick);
    };
    clock.after(10, tick);
    clock.advance(35);
    expect(times).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it('does not run what was taken back', () => {
    const clock = new VirtualClock();
    let ran = false;
    const cancel = clock.after(5, () => {
      ran = true;
    });
    cancel();
    cancel();
    clock.advance(10);
    expect([ran, clock.pending]).toEqual([false, 0]);
  });

  it('runs what is scheduled for a past time at the next advance, of 0 ms too', () => {
    const clock = new VirtualClock(100);
    const times: number[] = [];
    clock.schedule(50, () => times.push(clock.now()));
    expect(times).toEqual([]);
    clock.advance(0);
    expect(times).toEqual([100]);
  });

  it('goes to the last callback when run until idle', () => {
    const clock = new VirtualClock();
    clock.after(10, () => clock.after(1_000_000, () => undefined));
    clock.runUntilIdle();
    expect([clock.now(), clock.pending]).toEqual([1_000_010, 0]);
  });

  it('gives up on callbacks that never come to an end', () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.after(0, again);
    again();
    expect(() => clock.runUntilIdle(50)).toThrow(/50 callbacks ran and 1 still wait/);
    expect(() => clock.advance(1)).toThrow(/callbacks ran/);
  });

  it('refuses to go back or to a time that is no number', () => {
    const clock = new VirtualClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
    expect(() => clock.schedule(Number.NaN, () => undefined)).toThrow(RangeError);
  });

  it('returns its reading as a function of its own', () => {
    const { now } = new VirtualClock(7);
    expect(now()).toBe(7);
  });
});
