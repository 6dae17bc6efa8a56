import { expect, it, vi } from 'vitest';
import { BrokerClock } from '../src/clock.ts';

it('stands until it is put forward', () => {
  vi.useFakeTimers();
  try {
    const clock = new BrokerClock('manual');
    const before = clock.nowMs;
    vi.advanceTimersByTime(5000);
    expect(clock.nowMs).toBe(before);
    clock.advanceTo(before + 10);
    expect(clock.nowMs).toBe(before + 10);
  } finally {
    vi.useRealTimers();
  }
});

it('goes with the real time, and on from where it was put', () => {
  vi.useFakeTimers();
  try {
    const clock = new BrokerClock('real');
    const before = clock.nowMs;
    vi.advanceTimersByTime(5000);
    expect(clock.nowMs).toBe(before + 5000);
    clock.advanceTo(before + 60_000);
    vi.advanceTimersByTime(1000);
    expect(clock.nowMs).toBe(before + 61_000);
  } finally {
    vi.useRealTimers();
  }
});

it('never goes back', () => {
  const clock = new BrokerClock('manual');
  const before = clock.nowMs;
  clock.advanceTo(before - 1000);
  expect(clock.nowMs).toBe(before);
});
