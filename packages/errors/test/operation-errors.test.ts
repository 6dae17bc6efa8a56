import { describe, expect, it } from 'vitest';
import { ConsumerCancelled } from '../src/index.ts';

describe('ConsumerCancelled', () => {
  it('carries the queue and the tag of the consumer', () => {
    const error = new ConsumerCancelled("the broker cancelled the consumer of queue 'jobs'", {
      queue: 'jobs',
      consumerTag: 'ctag-1',
      outcome: 'unknown',
    });

    expect(error.queue).toBe('jobs');
    expect(error.consumerTag).toBe('ctag-1');
    expect(error.outcome).toBe('unknown');
  });

  it('has neither where they are not known', () => {
    const error = new ConsumerCancelled('the broker cancelled a consumer');

    expect(error.queue).toBeUndefined();
    expect(error.consumerTag).toBeUndefined();
    expect(Object.keys(error)).not.toContain('queue');
  });
});
