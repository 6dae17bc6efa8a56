import { expect, it } from 'vitest';
import { Latencies, latencyText } from '../../src/bench/latencies.ts';

it.each([
  [0.0123, '0.012 ms'],
  [1, '1.0 ms'],
  [9.96, '10 ms'],
  [99.4, '99 ms'],
  [99.5, '100 ms'],
  [12_345.6, '12346 ms'],
])('%s milliseconds are shown as %s', (milliseconds, text) => {
  expect(latencyText(milliseconds)).toBe(text);
});

it('percentiles are at most 5 % too high, and never above the longest', () => {
  const latencies = new Latencies();
  for (let index = 1; index <= 1000; index++) latencies.add(index);
  expect(latencies.percentile(0.5)).toBeGreaterThanOrEqual(500);
  expect(latencies.percentile(0.5)).toBeLessThanOrEqual(525);
  expect(latencies.percentile(1)).toBe(1000);
  expect(new Latencies().percentile(0.5)).toBe(0);
});
