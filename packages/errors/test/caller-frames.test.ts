import { describe, expect, it } from 'vitest';
import { addCallerFrames, NotFound } from '../src/index.ts';

const awaited = { stack: 'Error\n    at async main (app.js:7:3)\n    at async run (app.js:9:1)' };

/** A promise that is rejected outside of every function that awaits it, as by bytes from a socket. */
class Pending {
  readonly promise: Promise<never>;
  private resolve: (value: Promise<never>) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  /** Rejects as the example in the doc comment does. */
  fail(error: Error): void {
    function reject(): never {
      const holder: { readonly stack?: string } = {};
      Error.captureStackTrace(holder, reject);
      addCallerFrames(error, holder);
      throw error;
    }
    this.resolve(
      Promise.resolve()
        .then(() => {})
        .then(() => {})
        .then(reject),
    );
  }
}

describe('addCallerFrames', () => {
  it('appends the frames after those of the error', () => {
    const error = new NotFound('no queue');
    const own = error.stack ?? '';

    addCallerFrames(error, awaited);

    expect(error.stack).toBe(`${own}\n    at async main (app.js:7:3)\n    at async run (app.js:9:1)`);
    expect(error.message).toBe('no queue');
  });

  it('appends no line that is no frame', () => {
    const error = new NotFound('no queue');

    addCallerFrames(error, { stack: 'Error: at the call\n    at main (app.js:7:3)' });

    expect(error.stack).toMatch(/\n {4}at main \(app\.js:7:3\)$/);
    expect(error.stack).not.toContain('at the call');
  });

  it('repeats no frame when the same error fails a second call', () => {
    const error = new NotFound('no queue');
    addCallerFrames(error, awaited);
    const once = error.stack;

    addCallerFrames(error, awaited);

    expect(error.stack).toBe(once);
  });

  it.each<{ readonly stack?: string | undefined }>([{}, { stack: undefined }, { stack: 'Error' }])(
    'changes nothing for %j',
    (holder) => {
      const error = new NotFound('no queue');
      const own = error.stack;

      addCallerFrames(error, holder);

      expect(error.stack).toBe(own);
    },
  );

  it('has the frames of each call that the error fails, of the first ten', () => {
    const error = new NotFound('no queue');

    for (let call = 1; call <= 12; call++) addCallerFrames(error, { stack: `Error\n    at call${call} (app.js:1:1)` });

    expect(error.stack).toContain('at call1 (');
    expect(error.stack).toContain('at call10 (');
    const { get } = Object.getOwnPropertyDescriptor(error, 'stack') ?? {};
    expect(get).toBeUndefined();
  });

  it('leaves a stack that was set meanwhile', () => {
    const error = new NotFound('no queue');
    addCallerFrames(error, awaited);

    error.stack = 'mine';

    expect(error.stack).toBe('mine');
  });

  it('does not throw for an error that cannot be changed', () => {
    const error = Object.freeze(new NotFound('no queue'));

    expect(() => addCallerFrames(error, awaited)).not.toThrow();
  });

  it('names the function that awaits, captured when the operation fails and not before', async () => {
    const pending = new Pending();
    async function declareTheQueue(): Promise<void> {
      await pending.promise;
    }
    const outcome = declareTheQueue().catch((error: unknown) => error);
    await Promise.resolve();

    pending.fail(new NotFound('no queue'));

    const failed = await outcome;
    expect(failed instanceof Error ? failed.stack : '').toMatch(/at (?:async )?declareTheQueue /);
  });
});
