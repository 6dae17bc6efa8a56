import { describe, expect, it } from 'vitest';
import { matchesTopic, topicWords } from '../../../src/model/exchanges/topic-match.ts';

const fits = (pattern: string, key: string): boolean => matchesTopic(topicWords(pattern), topicWords(key));

describe('a topic pattern', () => {
  it.each([
    ['a.b', 'a.b'],
    ['*', 'a'],
    ['*.b', 'a.b'],
    ['#', ''],
    ['#', 'a.b.c'],
    ['a.#', 'a'],
    ['#.c', 'a.b.c'],
    ['a.#.d', 'a.d'],
    ['a.#.d', 'a.b.c.d'],
    ['#.#', 'a'],
    ['*.#.b', 'a.b.c.b'],
    ['a.*', 'a.'],
    ['', ''],
  ])('%j takes %j', (pattern, key) => expect(fits(pattern, key)).toBe(true));

  it.each([
    ['a.b', 'a.c'],
    ['*', ''],
    ['*', 'a.b'],
    ['a.*', 'a'],
    ['a.#', 'b'],
    ['#.c', 'a.b'],
    ['*.#', ''],
    ['a', 'A'],
    ['', 'a'],
    ['a#', 'ab'],
  ])('%j does not take %j', (pattern, key) => expect(fits(pattern, key)).toBe(false));
});
