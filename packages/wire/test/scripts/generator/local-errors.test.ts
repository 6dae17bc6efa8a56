import * as errors from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { localErrors } from '../../../scripts/generator/local-errors.ts';

interface Traits {
  readonly name: string;
  readonly scope: string;
  readonly blame: string;
  readonly outcome: string;
  readonly retryable: boolean;
}

function isErrorClass(value: unknown): value is { readonly traits: Traits } {
  return typeof value === 'function' && Object.hasOwn(value, 'traits');
}

/** Every class but the two bases and those of reply codes, which are generated themselves. */
const handWritten = Object.values<unknown>({ ...errors })
  .filter(isErrorClass)
  .map(({ traits }) => traits)
  .filter((traits) => !('replyCode' in traits) && !['PukaError', 'AmqpError'].includes(traits.name));

describe('the page about all errors', () => {
  it('lists each class without a reply code, with the traits that it has', () => {
    const listed = localErrors.map(({ className, scope, blame, outcome, retryable }) => ({
      name: className,
      scope,
      blame,
      outcome,
      retryable,
    }));
    const present = handWritten.map(({ name, scope, blame, outcome, retryable }) => ({
      name,
      scope,
      blame,
      outcome,
      retryable,
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

    expect(listed.sort(byName)).toEqual(present.sort(byName));
  });
});
