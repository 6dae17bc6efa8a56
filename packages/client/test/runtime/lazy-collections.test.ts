import { describe, expect, it } from 'vitest';
import { LazyMap, LazySet } from '../../src/runtime/lazy-collections.ts';

describe('LazyMap', () => {
  it('is empty at first, and after clear', () => {
    const map = new LazyMap<string, number>();
    for (let round = 0; round < 2; round++) {
      expect([map.size, map.get('a'), map.has('a'), map.delete('a')]).toEqual([0, undefined, false, false]);
      expect([[...map], [...map.keys()], [...map.values()]]).toEqual([[], [], []]);
      map.set('a', 1);
      map.clear();
    }
  });

  it('does as a Map does', () => {
    const map = new LazyMap<string, number>();
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    expect([map.size, map.get('a'), map.has('b'), map.has('c')]).toEqual([2, 3, true, false]);
    expect([...map]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect([[...map.keys()], [...map.values()]]).toEqual([
      ['a', 'b'],
      [3, 2],
    ]);
    expect([map.delete('a'), map.delete('a'), map.size]).toEqual([true, false, 1]);
  });

  it('ends an iteration in which it is cleared', () => {
    const map = new LazyMap<string, number>();
    for (const key of ['a', 'b', 'c']) map.set(key, 1);
    const seen: string[] = [];
    for (const [key] of map) {
      seen.push(key);
      map.clear();
    }
    expect(seen).toEqual(['a']);
  });
});

describe('LazySet', () => {
  it('is empty at first, and after clear', () => {
    const set = new LazySet<string>();
    for (let round = 0; round < 2; round++) {
      expect([set.size, set.has('a'), set.delete('a'), [...set]]).toEqual([0, false, false, []]);
      set.add('a');
      set.clear();
    }
  });

  it('does as a Set does', () => {
    const set = new LazySet<string>();
    for (const value of ['a', 'b', 'a']) set.add(value);
    expect([set.size, set.has('a'), set.has('c'), [...set]]).toEqual([2, true, false, ['a', 'b']]);
    expect([set.delete('a'), set.delete('a'), [...set]]).toEqual([true, false, ['b']]);
  });

  it('ends an iteration in which it is cleared', () => {
    const set = new LazySet<string>();
    for (const value of ['a', 'b', 'c']) set.add(value);
    const seen: string[] = [];
    for (const value of set) {
      seen.push(value);
      set.clear();
    }
    expect(seen).toEqual(['a']);
  });
});
