import { UsageError } from '@puka/client';
import { expect, it } from 'vitest';
import { checkOptions, type OpenTelemetryOptions } from '../src/options.ts';

it('options are taken within their ranges', () => {
  for (const options of [{}, { parent: 'none' }, { parent: 'producer', settleSpans: false }] as const) {
    expect(() => checkOptions(options)).not.toThrow();
  }
});

it.each([{ parents: 'none' }, { parent: 'consumer' }, { settleSpans: 1 }])('%j is refused', (options) => {
  expect(() => checkOptions(options as OpenTelemetryOptions)).toThrow(UsageError);
});
