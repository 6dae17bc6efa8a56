import { describe, expect, it } from 'vitest';
import type { Consumer } from '../../src/consuming/consumer.ts';
import { ConsumerTags } from '../../src/consuming/consumer-tags.ts';

describe('consumer tags', () => {
  it('are the wanted ones, made unique by a prefix, and free again after their consumer', () => {
    const tags = new ConsumerTags();
    const taken = [tags.take('a'), tags.take('a'), tags.take(undefined), tags.take('')];
    expect(taken[0]).toBe('a');
    expect(taken[1]).toMatch(/^\d+\.a$/);
    expect(new Set(taken).size).toBe(4);
    const consumer = { sources: [{ consumerTag: 'a' }] } as unknown as Consumer; // Nothing else of it is looked at.
    tags.release(consumer);
    expect(tags.take('a')).toBe('a');
  });
});
