import { describe, expect, it } from 'vitest';
import { RoundTripSample } from '../../src/publishing/round-trip-sample.ts';
import { Histogram } from '../../src/runtime/histogram.ts';

function scene() {
  const clock = { nowMs: 0, reads: 0 };
  const histogram = new Histogram();
  const sample = new RoundTripSample(histogram, {
    now: () => {
      clock.reads++;
      return clock.nowMs;
    },
  });
  const times = (): readonly [count: number, sumMs: number] => {
    const { count, sumMs } = histogram.snapshot();
    return [count, sumMs];
  };
  return { clock, sample, times };
}

describe('the sample of round trips', () => {
  it('times the last publish that is written, and no other until its confirm has come', () => {
    const { clock, sample, times } = scene();
    sample.writing(5);
    clock.nowMs = 3;
    sample.writing(9);
    sample.confirmed(1, false, clock.nowMs);
    sample.confirmed(4, true, clock.nowMs);
    sample.confirmed(6, false, clock.nowMs);
    expect(times()).toEqual([0, 0]);
    sample.confirmed(5, false, clock.nowMs);
    sample.confirmed(9, true, clock.nowMs);
    expect(times()).toEqual([1, 3]);
    expect(clock.reads).toBe(1);
  });

  it.each([[7], [0]])('is ended by a multiple confirm of %d', (tag) => {
    const { clock, sample, times } = scene();
    sample.writing(5);
    clock.nowMs = 2;
    sample.confirmed(tag, true, clock.nowMs);
    expect(times()).toEqual([1, 2]);
  });

  it('does not begin where nothing new is written, and begins anew with a channel', () => {
    const { clock, sample, times } = scene();
    sample.writing(0);
    sample.confirmed(0, true, clock.nowMs);
    expect(clock.reads).toBe(0);
    sample.writing(5);
    sample.confirmed(5, false, clock.nowMs);
    sample.writing(5);
    expect(clock.reads).toBe(1);
    sample.writing(8);
    sample.reset();
    sample.writing(5);
    clock.nowMs = 4;
    sample.confirmed(5, false, clock.nowMs);
    expect(times()).toEqual([2, 4]);
  });
});
