import { describe, expect, it } from 'vitest';
import { Heartbeat } from '../../src/session/heartbeat.ts';

describe('Heartbeat', () => {
  it('is due for sending after half an interval of own silence, whatever has come', () => {
    const heartbeat = new Heartbeat(10, 0);
    heartbeat.received(4000);
    expect(heartbeat.due(4999)).toBe('none');
    expect(heartbeat.due(5000)).toBe('send');
    heartbeat.sent(5000);
    expect(heartbeat.deadline).toBe(10_000);
  });

  it('counts a peer as dead after two silent intervals and a grace', () => {
    const heartbeat = new Heartbeat(10, 0);
    heartbeat.sent(19_999);
    expect(heartbeat.due(20_000)).toBe('none');
    expect(heartbeat.deadline).toBe(20_500);
    expect(heartbeat.due(20_500)).toBe('dead');
  });

  it('does not kill a live connection after a stalled event loop', () => {
    const heartbeat = new Heartbeat(1, 0);
    heartbeat.due(60_000);
    heartbeat.received(60_001);
    heartbeat.sent(60_600);
    expect(heartbeat.due(60_601)).toBe('none');
  });

  it('counts no peer as dead that is not listened to, and sends all the same', () => {
    const heartbeat = new Heartbeat(2, 0);
    heartbeat.deaf();
    expect(heartbeat.due(60_000)).toBe('send');
    expect(heartbeat.due(61_000)).toBe('send');
    heartbeat.sent(61_000);
    expect(heartbeat.deadline).toBe(62_000);
    heartbeat.listening(61_000);
    heartbeat.sent(64_900);
    expect(heartbeat.due(65_000)).toBe('none');
    heartbeat.sent(65_400);
    expect(heartbeat.due(65_500)).toBe('dead');
  });

  it('is never due when off', () => {
    const heartbeat = new Heartbeat(0, 0);
    expect(heartbeat.due(1e12)).toBe('none');
    expect(heartbeat.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});
