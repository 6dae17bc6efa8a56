import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { completeRecoverOptions, type RecoverOptions } from '../../src/recovery/recover-options.ts';

describe('the option recover', () => {
  it('is on by default, with the documented values', () => {
    const defaults = {
      initial: false,
      minDelay: 1000,
      maxDelay: 30_000,
      maxAttempts: Number.POSITIVE_INFINITY,
      stableAfter: 10_000,
      retryIf: undefined,
      whileDown: 'hold',
      maxHeldOperations: 10_000,
      topology: 'all',
      filter: undefined,
      maxRecorded: 100_000,
      retryFor: 300_000,
      exclusiveFor: undefined,
    };
    for (const given of [undefined, true, {}]) expect(completeRecoverOptions(given)).toEqual(defaults);
  });

  it('false is no recovery', () => {
    expect(completeRecoverOptions(false)).toBeUndefined();
  });

  it('takes a minDelay above the default maxDelay alone', () => {
    expect(completeRecoverOptions({ minDelay: 60_000 })).toMatchObject({ minDelay: 60_000, maxDelay: 60_000 });
  });

  it.each([
    [{ minDelay: -1 }, 'recover.minDelay'],
    [{ minDelay: Number.NaN }, 'recover.minDelay'],
    [{ minDelay: 2000, maxDelay: 1000 }, 'recover.maxDelay'],
    [{ maxAttempts: 0 }, 'recover.maxAttempts'],
    [{ maxHeldOperations: 1.5 }, 'recover.maxHeldOperations'],
    [{ whileDown: 'wait' }, 'recover.whileDown'],
    [{ topology: 'some' }, 'recover.topology'],
    [{ retryIf: true }, 'recover.retryIf'],
    [{ initial: 1 }, 'recover.initial'],
    [{ retries: 3 }, 'recover has no option retries'],
    ['yes', 'recover is yes'],
    [[], 'recover is'],
  ])('refuses %j', (given, text) => {
    const make = (): unknown => completeRecoverOptions(given as RecoverOptions);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(text);
  });
});
