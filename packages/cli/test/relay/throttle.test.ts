import { VirtualClock } from '@puka/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { Throttle } from '../../src/relay/throttle.ts';

let clock = new VirtualClock();
let isRunning = true;
beforeEach(() => {
  clock = new VirtualClock();
  isRunning = true;
});

function throttleOf(bytesPerSecond: number): Throttle {
  const pause = (): void => {
    isRunning = false;
  };
  const resume = (): void => {
    isRunning = true;
  };
  return new Throttle({ bytesPerSecond, timers: clock, pause, resume });
}

describe('a rate', () => {
  it('lets one second of it pass at once', () => {
    const throttle = throttleOf(1000);
    throttle.passed(1000, false);
    expect(isRunning).toBe(true);
    throttle.passed(1, false);
    expect(isRunning).toBe(false);
    clock.advance(1);
    expect(isRunning).toBe(true);
  });

  it('waits for as long as what passed takes', () => {
    const throttle = throttleOf(1000);
    throttle.passed(6000, false);
    clock.advance(4999);
    expect(isRunning).toBe(false);
    clock.advance(1);
    expect(isRunning).toBe(true);
    throttle.passed(1, false);
    expect(isRunning).toBe(false);
  });

  it('counts what comes before the source has stopped', () => {
    const throttle = throttleOf(1000);
    throttle.passed(2000, false);
    throttle.passed(2000, false);
    clock.advance(2999);
    expect(isRunning).toBe(false);
    clock.advance(1);
    expect(isRunning).toBe(true);
  });

  it('is earned while nothing passes, but for no more than a second', () => {
    const throttle = throttleOf(1000);
    throttle.passed(1000, false);
    clock.advance(60_000);
    throttle.passed(1001, false);
    expect(isRunning).toBe(false);
  });

  it('leaves no timer behind', () => {
    const throttle = throttleOf(1000);
    throttle.passed(2000, false);
    throttle.stop();
    expect(clock.pending).toBe(0);
    expect(isRunning).toBe(false);
  });
});

describe('a sink that is full', () => {
  it('stops the source until it has drained', () => {
    const throttle = throttleOf(Number.POSITIVE_INFINITY);
    throttle.passed(1e9, false);
    expect(isRunning).toBe(true);
    throttle.passed(1, true);
    expect(isRunning).toBe(false);
    throttle.drained();
    expect(isRunning).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('and a rate: the source goes on when neither stops it', () => {
    const throttle = throttleOf(1000);
    throttle.passed(2000, true);
    clock.advance(1000);
    expect(isRunning).toBe(false);
    throttle.drained();
    expect(isRunning).toBe(true);
    throttle.passed(1000, true);
    throttle.drained();
    expect(isRunning).toBe(false);
    clock.advance(1000);
    expect(isRunning).toBe(true);
  });
});
