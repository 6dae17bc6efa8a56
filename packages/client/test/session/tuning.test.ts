import { describe, expect, it } from 'vitest';
import { tune, tunedLimit } from '../../src/session/tuning.ts';

describe('tuning', () => {
  it('takes the smaller limit, and the other where one is no limit', () => {
    expect(tunedLimit(100, 200)).toBe(100);
    expect(tunedLimit(0, 200)).toBe(200);
    expect(tunedLimit(100, 0)).toBe(100);
    expect(tunedLimit(0, 0)).toBe(0);
  });

  it('turns heartbeats off when either side wants none', () => {
    const offered = { channelMax: 0, frameMax: 0, heartbeat: 60 };
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 0 }, offered).heartbeat).toBe(0);
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 5 }, offered).heartbeat).toBe(5);
    expect(tune({ channelMax: 1, frameMax: 8192, heartbeat: 5 }, { ...offered, heartbeat: 0 }).heartbeat).toBe(0);
  });
});
