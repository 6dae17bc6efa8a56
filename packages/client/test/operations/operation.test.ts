import { describe, expect, it } from 'vitest';
import { type Callback, follow, Operation, type OperationHost } from '../../src/operations/operation.ts';

/** A client that records what its operations report, and runs callbacks when the test calls for it. */
class Host implements OperationHost {
  readonly ready: Operation<unknown>[] = [];
  readonly unseen: Operation<unknown>[] = [];
  private numbers = 0;

  nextNumber(): number {
    return ++this.numbers;
  }

  callbackReady(operation: Operation<unknown>): void {
    this.ready.push(operation);
  }

  failedUnseen(operation: Operation<unknown>): void {
    this.unseen.push(operation);
  }

  operation<Result>(callback?: Callback<Result>): Operation<Result> {
    return new Operation<Result>(this, 'basic.test', callback);
  }

  runCallbacks(): void {
    for (const operation of this.ready.splice(0)) operation.runCallback();
  }
}

describe('an operation', () => {
  it('settles once: what comes later changes nothing', async () => {
    for (const first of ['fulfil', 'reject'] as const) {
      const operation = new Host().operation<number>();
      if (first === 'fulfil') operation.fulfil(1);
      else operation.reject(new Error('1'));
      const { state } = operation;
      operation.fulfil(2);
      operation.reject(new Error('2'));
      expect(operation.state).toBe(state);
      const outcome = await operation.then(
        (result) => `${result}`,
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );
      expect(outcome).toBe('1');
    }
  });

  it('is awaitable before and after it settles, any number of times', async () => {
    const operation = new Host().operation<number>();
    const early = [operation.then((result) => result + 1), Promise.all([operation]), operation.finally(() => {})];
    operation.fulfil(1);
    expect(await Promise.all(early)).toEqual([2, [1], 1]);
    expect(await operation).toBe(1);
    expect(await Promise.race([operation])).toBe(1);
  });

  it('rejects the code that awaits it, before and after', async () => {
    const error = new Error('no');
    const operation = new Host().operation<number>();
    const early = expect(operation).rejects.toBe(error);
    operation.reject(error);
    await early;
    await expect(operation).rejects.toBe(error);
    expect(await operation.catch((reason: unknown) => reason)).toBe(error);
  });

  it('makes no native promise for who asks for none', () => {
    const operation = new Host().operation<number>();
    operation.reject(new Error('ignored'));
    // A native promise that rejects unseen would end this test run with an unhandled rejection.
    expect(operation.state).toBe('rejected');
    expect(Object.values(operation).some((value) => value instanceof Promise)).toBe(false);
  });

  it('has a number of its own, a method, and a name', () => {
    const host = new Host();
    const [first, second] = [host.operation(), host.operation()];
    expect([first.number, second.number]).toEqual([1, 2]);
    expect(first.method).toBe('basic.test');
    expect(Object.prototype.toString.call(first)).toBe('[object Operation]');
  });
});

describe('a failure that no code asked for', () => {
  it('is reported as unobserved, once', () => {
    const host = new Host();
    const operation = host.operation();
    operation.reject(new Error('x'));
    operation.reject(new Error('y'));
    expect(host.unseen).toEqual([operation]);
    expect(operation.isObserved).toBe(false);
  });

  it.each([
    ['a then', (operation: Operation<unknown>) => void operation.then(undefined, () => {})],
    ['a catch', (operation: Operation<unknown>) => void operation.catch(() => {})],
    ['another callback', (operation: Operation<unknown>) => operation.setCallback(() => {})],
    ['a watcher', (operation: Operation<unknown>) => void operation.watch(() => {})],
  ])('is not, where there is %s', (_name, look) => {
    const host = new Host();
    const operation = host.operation();
    look(operation);
    operation.reject(new Error('x'));
    expect(host.unseen).toEqual([]);
  });

  it('is not, where there is a callback', () => {
    const host = new Host();
    host.operation(() => {}).reject(new Error('x'));
    expect(host.unseen).toEqual([]);
  });

  it('reports that it was observed when a caller observes it after all', () => {
    const host = new Host();
    const operation = host.operation();
    operation.reject(new Error('x'));
    operation.catch(() => {});
    expect(operation.isObserved).toBe(true);
  });

  it('is none where it succeeded', () => {
    const host = new Host();
    host.operation<number>().fulfil(1);
    expect(host.unseen).toEqual([]);
  });
});

describe('a callback', () => {
  it('gets error, result and promise; once, and never inside the call that settles', () => {
    const host = new Host();
    const calls: unknown[][] = [];
    const note: Callback<number> = (...values) => calls.push(values);
    const [good, bad] = [host.operation(note), host.operation(note)];
    const error = new Error('no');
    good.fulfil(5);
    bad.reject(error);
    expect(calls).toEqual([]);
    host.runCallbacks();
    expect(calls).toEqual([
      [undefined, 5, good],
      [error, undefined, bad],
    ]);
    good.runCallback();
    expect(calls).toHaveLength(2);
  });

  it('put in the place of another is called in its stead, also when the outcome is there', () => {
    const host = new Host();
    const calls: string[] = [];
    const operation = host.operation<number>(() => calls.push('first'));
    operation.setCallback(() => calls.push('second'));
    operation.fulfil(1);
    operation.setCallback(() => calls.push('third'));
    host.runCallbacks();
    expect(calls).toEqual(['third']);
    operation.setCallback((_error, result) => calls.push(`late ${result}`));
    host.runCallbacks();
    expect(calls).toEqual(['third', 'late 1']);
  });
});

describe('what the client hangs on it', () => {
  it('is called when it settles, once', () => {
    for (const settle of ['fulfil', 'reject'] as const) {
      const operation = new Host().operation<undefined>();
      let released = 0;
      operation.whenSettled(() => released++);
      if (settle === 'fulfil') operation.fulfil(undefined);
      else operation.reject(new Error('x'));
      operation.fulfil(undefined);
      expect(released).toBe(1);
    }
  });

  it('watchers are called once, those that left are not', () => {
    const operation = new Host().operation<number>();
    const told: string[] = [];
    operation.watch(() => told.push('a'));
    operation.watch(() => told.push('gone'))();
    operation.fulfil(1);
    expect(told).toEqual(['a']);
  });

  it('a follower has the same outcome, whichever is first', () => {
    for (const isLate of [false, true]) {
      const host = new Host();
      const [leader, follower] = [host.operation<number>(), host.operation<number>()];
      if (!isLate) follow(leader, follower);
      leader.fulfil(3);
      if (isLate) follow(leader, follower);
      expect(follower.result).toBe(3);
      const [bad, behind] = [host.operation<number>(), host.operation<number>()];
      const error = new Error('no');
      if (!isLate) follow(bad, behind);
      bad.reject(error);
      if (isLate) follow(bad, behind);
      expect(behind.error).toBe(error);
    }
  });
});

describe('whenSettled', () => {
  it.each(['fulfil', 'reject'] as const)('is called once, before the callback, when it settles by %s', (how) => {
    const host = new Host();
    const calls: string[] = [];
    const operation = host.operation<void>(() => calls.push('callback'));
    operation.whenSettled(() => calls.push('bounds'));
    operation.whenSettled(() => calls.push(operation.state));
    operation[how](undefined);
    host.runCallbacks();
    operation.reject(new Error('again'));
    const state = how === 'fulfil' ? 'fulfilled' : 'rejected';
    expect(calls).toEqual(['bounds', state, 'callback']);
    operation.whenSettled(() => calls.push('late'));
    expect(calls.at(-1)).toBe('late');
  });

  it('leaves a failure that no code observes unobserved', () => {
    const host = new Host();
    const operation = host.operation();
    operation.whenSettled(() => {});
    operation.reject(new Error('no'));
    expect(host.unseen).toEqual([operation]);
  });
});
