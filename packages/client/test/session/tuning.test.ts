import { describe, expect, it } from 'vitest';
import { tune, tunedLimit } from '../../src/session/tuning.ts';

describe('tuning', () => {
  it('takes the smaller limit, and the other where one is no limit', () => {
    expect(tunedLimit(100, 200)).toBe(100);
    expect(tunedLimit(0, 200)).toBe(200);
    expect(tunedLimit(100, 0)).toBe(100);
    expect(tunedLimit(0, 0)).toBe(0);
  });

  it('takes the shorter heartbeat, and ours where the broker wants none; ours of 0 turns it off', () => {
    const offered = { channelMax: 0, frameMax: 0, heartbeat: 60 };
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 0 }, offered).heartbeat).toBe(0);
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 5 }, offered).heartbeat).toBe(5);
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 5 }, { ...offered, heartbeat: 0 }).heartbeat).toBe(5);
  });
});

describe('every combination of 0', () => {
  const limits = [0, 4096, 8192, 131_072];

  it('never answers 0 to an offer of a limit, nor more than either side takes', () => {
    for (const own of limits) {
      for (const offered of limits) {
        const tuned = tunedLimit(own, offered);
        if (own !== 0 || offered !== 0) expect(tuned).toBeGreaterThan(0);
        for (const limit of [own, offered]) if (limit !== 0) expect(tuned).toBeLessThanOrEqual(limit);
      }
    }
  });

  it('has a heartbeat wherever we want one, and never a longer one than either side wants', () => {
    for (const own of [0, 5, 60]) {
      for (const offered of [0, 5, 60]) {
        const { heartbeat } = tune(
          { channelMax: 1, frameMax: 8192, heartbeat: own },
          { channelMax: 0, frameMax: 0, heartbeat: offered },
        );
        expect(heartbeat > 0).toBe(own > 0);
        for (const wish of [own, offered]) if (wish > 0) expect(heartbeat).toBeLessThanOrEqual(wish);
      }
    }
  });
});

describe('an offer of small frames', () => {
  const own = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 };

  it('is taken down to the least that the standard allows', () => {
    expect(tune(own, { channelMax: 0, frameMax: 4096, heartbeat: 0 }).frameMax).toBe(4096);
  });

  it('below that is an error of the broker, because no body would fit', () => {
    for (const frameMax of [1, 8, 4095]) {
      expect(() => tune(own, { channelMax: 0, frameMax, heartbeat: 0 })).toThrow(`frames of ${frameMax} bytes`);
    }
  });
});
