import { describe, expect, it } from 'vitest';
import { Callbacks } from '../../src/operations/callbacks.ts';
import { type Callback, Operation, type OperationHost } from '../../src/operations/operation.ts';

/** Callbacks whose next run the test starts. */
class Scene implements OperationHost {
  readonly told: { readonly error: unknown; readonly operation: Operation<unknown> | undefined }[] = [];
  isDue = false;
  readonly turns: Callbacks = new Callbacks({
    turnIsDue: () => {
      this.isDue = true;
    },
    unobserved: (error, operation) => this.told.push({ error, operation }),
  });

  nextNumber(): number {
    return 1;
  }

  callbackReady(operation: Operation<unknown>): void {
    this.turns.addOperation(operation);
  }

  failedUnseen(operation: Operation<unknown>): void {
    this.turns.addUnseen(operation);
  }

  operation(callback?: Callback<number>): Operation<number> {
    return new Operation<number>(this, 'basic.test', callback);
  }

  /** @returns how many turns it took until nothing was due. */
  runAll(): number {
    let count = 0;
    while (this.isDue) {
      this.isDue = false;
      this.turns.run();
      count++;
    }
    return count;
  }
}

describe('callbacks', () => {
  it('run in the order of the outcomes, when the turn is run', () => {
    const scene = new Scene();
    const calls: number[] = [];
    const operations = [0, 1, 2].map(() => scene.operation((_error, result) => calls.push(result ?? -1)));
    for (const index of [2, 0, 1]) operations[index]?.fulfil(index);
    expect(calls).toEqual([]);
    expect(scene.isDue).toBe(true);
    scene.runAll();
    expect(calls).toEqual([2, 0, 1]);
  });

  it('that become ready in a turn wait for the next, so that a turn ends', () => {
    const scene = new Scene();
    let rounds = 0;
    const again = (): void => {
      if (++rounds < 5) scene.operation(again).fulfil(0);
    };
    scene.operation(again).fulfil(0);
    scene.isDue = false;
    scene.turns.run();
    expect(rounds).toBe(1);
    expect(scene.isDue).toBe(true);
    expect(scene.runAll()).toBe(4);
    expect(rounds).toBe(5);
    expect(scene.turns.isDue).toBe(false);
  });

  it('that become ready in a turn run in it where all are asked for, but for what no code has observed', () => {
    const scene = new Scene();
    let rounds = 0;
    const again = (): void => {
      if (++rounds < 5) scene.operation(again).fulfil(0);
      else scene.operation().reject(new Error('unseen'));
    };
    scene.operation(again).fulfil(0);
    scene.turns.runAll();
    expect(rounds).toBe(5);
    expect(scene.told).toEqual([]);
    scene.turns.runAll();
    scene.turns.runAll();
    expect(scene.told).toHaveLength(1);
  });

  it('that throw are reported with their operation, and the others run', () => {
    const scene = new Scene();
    const error = new Error('mine');
    const calls: string[] = [];
    const bad = scene.operation(() => {
      throw error;
    });
    bad.fulfil(1);
    scene.operation(() => calls.push('after')).fulfil(2);
    scene.runAll();
    expect(calls).toEqual(['after']);
    expect(scene.told).toEqual([{ error, operation: bad }]);
  });

  it('whose promise rejects are reported too', async () => {
    const scene = new Scene();
    const error = new Error('mine');
    const bad = scene.operation(async () => {
      throw error;
    });
    bad.fulfil(1);
    scene.runAll();
    await Promise.resolve();
    await Promise.resolve();
    scene.runAll();
    expect(scene.told).toEqual([{ error, operation: bad }]);
  });
});

describe('what a callback returns', () => {
  it('is reported when a promise of another library rejects', () => {
    const scene = new Scene();
    const error = new Error('mine');
    // biome-ignore lint/suspicious/noThenProperty: as a promise of another library has it.
    const foreign = { then: (_resolve: unknown, reject: (reason: unknown) => void) => reject(error) };
    const bad = scene.operation(() => foreign);
    bad.fulfil(1);
    scene.runAll();
    expect(scene.told).toEqual([{ error, operation: bad }]);
  });

  it('is reported once when an operation fails', () => {
    const scene = new Scene();
    const error = new Error('mine');
    const inner = scene.operation();
    scene.operation(() => inner).fulfil(1);
    scene.turns.run();
    inner.reject(error);
    scene.runAll();
    expect(scene.told).toEqual([{ error, operation: inner }]);
  });
});

describe('a failure that no code observed', () => {
  it('is reported after the turn in which one could look', () => {
    const scene = new Scene();
    const operation = scene.operation();
    const error = new Error('ignored');
    operation.reject(error);
    scene.turns.run();
    expect(scene.told).toEqual([]);
    scene.runAll();
    expect(scene.told).toEqual([{ error, operation }]);
    expect(scene.turns.isDue).toBe(false);
  });

  it('is not reported if a caller observed it in time', () => {
    const scene = new Scene();
    const operation = scene.operation();
    operation.reject(new Error('x'));
    scene.turns.run();
    operation.catch(() => {});
    scene.runAll();
    expect(scene.told).toEqual([]);
  });

  it('is reported once for each of many', () => {
    const scene = new Scene();
    for (let index = 0; index < 1000; index++) scene.operation().reject(index);
    scene.runAll();
    expect(scene.told.map(({ error }) => error)).toEqual([...Array(1000).keys()]);
  });
});
