import { describe, expect, it } from 'vitest';
import { Queue } from '../../src/runtime/queue.ts';

describe('a queue', () => {
  it('returns what was put in, in its order, as an array would, whatever is done to it', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const queue = new Queue<number>();
    let model: number[] = [];
    for (let step = 0; step < 20_000; step++) {
      switch (random(5)) {
        case 0:
        case 1:
          queue.push(step);
          model.push(step);
          break;
        case 2:
          expect(queue.shift()).toBe(model.shift());
          break;
        case 3: {
          const others = Array.from({ length: random(4) }, (_, index) => -step - index);
          queue.unshift(others);
          model.unshift(...others);
          break;
        }
        default:
          if (random(200) > 0) break;
          queue.filter((item) => item % 3 !== 0);
          model = model.filter((item) => item % 3 !== 0);
      }
      expect(queue.length).toBe(model.length);
      expect(queue.first).toBe(model[0]);
    }
    expect([...queue]).toEqual(model);
    expect(queue.takeAll()).toEqual(model);
    expect(queue.length).toBe(0);
    expect(queue.shift()).toBeUndefined();
  });

  it('hands an iterator what was in it when that began', () => {
    const queue = new Queue<number>();
    for (let item = 0; item < 200; item++) queue.push(item);
    const seen: number[] = [];
    for (const item of queue) {
      seen.push(item);
      expect(queue.shift()).toBe(item);
      queue.push(1000 + item);
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, item) => item));
    expect(queue.length).toBe(200);
  });
});
