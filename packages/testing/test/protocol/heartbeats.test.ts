import { expect, it } from 'vitest';
import { Heartbeats } from '../../src/protocol/heartbeats.ts';

it('sends one in half an interval in which nothing went out', () => {
  const heartbeats = new Heartbeats(10, 0);
  heartbeats.sent();
  heartbeats.received();
  expect([heartbeats.due(4999), heartbeats.due(5000), heartbeats.due(10_000)]).toEqual(['none', 'none', 'send']);
});

it('ends a client after two intervals without a byte', () => {
  const heartbeats = new Heartbeats(10, 0);
  expect([heartbeats.due(10_000), heartbeats.due(20_000)]).toEqual(['send', 'dead']);
});

it('counts anew with every byte', () => {
  const heartbeats = new Heartbeats(10, 0);
  heartbeats.due(10_000);
  heartbeats.received();
  expect([heartbeats.due(20_000), heartbeats.due(30_000), heartbeats.due(40_000)]).toEqual(['send', 'send', 'dead']);
});

it('holds no silence against a client that is not read from', () => {
  const heartbeats = new Heartbeats(10, 0);
  heartbeats.pause();
  const paused = [heartbeats.due(10_000), heartbeats.due(20_000), heartbeats.due(60_000)];
  heartbeats.resume(60_000);
  expect([...paused, heartbeats.due(70_000), heartbeats.due(80_000)]).not.toContain(undefined);
  expect(paused).not.toContain('dead');
});

it('is off at 0', () => {
  const heartbeats = new Heartbeats(0, 0);
  expect([heartbeats.deadlineMs, heartbeats.due(1_000_000)]).toEqual([Number.POSITIVE_INFINITY, 'none']);
});
