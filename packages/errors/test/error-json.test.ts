import { describe, expect, it } from 'vitest';
import { ConnectionBroken, NotFound, UsageError } from '../src/index.ts';
import { everyClass } from './every-class.ts';

describe('toJSON', () => {
  it('holds every field that is known', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = new NotFound("NOT_FOUND - no queue 'q' (404, queue.bind)", {
      replyText: "NOT_FOUND - no queue 'q'",
      method: 'queue.bind',
      cause,
    });

    expect(JSON.parse(JSON.stringify(error))).toEqual({
      type: 'puka.error',
      code: 'NOT_FOUND',
      name: 'NotFound',
      message: "NOT_FOUND - no queue 'q' (404, queue.bind)",
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'q'",
      blame: 'caller',
      scope: 'channel',
      retryable: false,
      outcome: 'refused',
      method: 'queue.bind',
      cause: { name: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
    });
  });

  it.each(everyClass)('of %s holds nothing beside the fields of ErrorJson', (_name, Class) => {
    const error = Object.assign(new Class('it failed', { cause: new Error('inner') }), {
      password: 's3cret',
      body: 'b',
    });
    const allowed = new Set(
      'type code name message replyCode replyText blame scope retryable outcome method cause'.split(' '),
    );

    expect(Object.keys(error.toJSON()).filter((key) => !allowed.has(key))).toEqual([]);
    expect(JSON.stringify(error)).not.toMatch(/s3cret|stack/);
  });

  it('holds of a cause only what names it', () => {
    const cause = Object.assign(new UsageError('inner', { cause: new Error('innermost') }), { password: 's3cret' });

    expect(new ConnectionBroken('outer', { cause }).toJSON().cause).toEqual({
      name: 'UsageError',
      message: 'inner',
      code: 'USAGE_ERROR',
    });
  });

  it('holds the cause of another realm, which is recognised by its shape', () => {
    const cause = { name: 'TypeError', message: 'from a worker', code: 7, stack: 'x' };

    expect(new ConnectionBroken('outer', { cause }).toJSON().cause).toEqual({
      name: 'TypeError',
      message: 'from a worker',
      code: 7,
    });
  });

  it.each([
    ['text', 'a password perhaps'],
    ['an object without a name', { message: 'text' }],
    ['an object with a name that is no text', { name: 5, message: 'text' }],
    ['null', null],
  ])('leaves out a cause that is no error: %s', (_what, cause) => {
    expect(new ConnectionBroken('outer', { cause }).toJSON()).not.toHaveProperty('cause');
  });
});
