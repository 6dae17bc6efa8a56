import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, checkClientOptions } from '../src/client-options.ts';

const most = Number.MAX_SAFE_INTEGER;

const refused: readonly (readonly [name: keyof ClientOptions, values: readonly unknown[]])[] = [
  ['channelMax', [1, 3, 65_536, 4.5, '8']],
  ['maxMessageBytes', [-1, 0.5, '1']],
  ['maxBufferedBytes', [-1, Number.NaN]],
  ['maxOpenPublishes', [-1, 1.5]],
  ['maxInboundBytes', [-1, Number.POSITIVE_INFINITY]],
  ['connectTimeout', [-1, '5']],
  ['closeTimeout', [-1, Number.NaN]],
  ['drive', ['hand', true]],
  ['transport', [null, 'memory', {}, { connect: true }]],
  ['runtime', [null, 'node', {}, { now: () => 0 }]],
];

describe('options of a client', () => {
  it('are taken within their ranges, and where they are left out', () => {
    for (const options of [
      {},
      { channelMax: 0 },
      { channelMax: 4 },
      { channelMax: 65_535, maxMessageBytes: 0, maxBufferedBytes: most, maxOpenPublishes: 0, maxInboundBytes: 0 },
      { connectTimeout: 0, closeTimeout: 5000, drive: 'auto' },
      { drive: 'manual' },
    ] as const satisfies readonly ClientOptions[]) {
      expect(() => checkClientOptions(options)).not.toThrow();
    }
  });

  for (const [name, values] of refused) {
    it(`are refused for ${name} out of its range, by name`, () => {
      for (const value of values) {
        const options = { [name]: value } as ClientOptions; // Plain JavaScript passes what the types refuse.
        expect(() => checkClientOptions(options)).toThrow(UsageError);
        const named = name.endsWith('Timeout') ? 'timeout' : name;
        expect(() => checkClientOptions(options)).toThrow(named);
      }
    });
  }
});
