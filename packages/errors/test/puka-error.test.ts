import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type * as errors from '../src/index.ts';
import { AmqpError, ConnectionBroken, isPukaError, NoRoute, NotFound, PukaError, UsageError } from '../src/index.ts';
import { everyClass } from './every-class.ts';

describe('every class', () => {
  it('is in the tree: 18 of reply codes, 9 others and the base of the former', () => {
    expect(everyClass).toHaveLength(28);
  });

  it.each(everyClass)('%s is named as it is exported', (name, Class) => {
    const error = new Class('it failed');

    expect(error.name).toBe(name);
    expect(error.stack).toMatch(new RegExp(`^${name}: it failed\\n`));
  });

  it.each(everyClass)('%s has the upper snake case of its name as code', (name, Class) => {
    const words = name.match(/[A-Z][a-z]+/g) ?? [];

    expect(new Class('it failed').code).toBe(words.join('_').toUpperCase());
  });

  it.each(everyClass)('%s is an Error, a PukaError and one of its own', (_name, Class) => {
    const error = new Class('it failed');

    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(PukaError);
    expect(error).toBeInstanceOf(Class);
    expect(isPukaError(error)).toBe(true);
  });

  it.each(everyClass)('%s takes what its details say over the defaults of the class', (_name, Class) => {
    const error = new Class('it failed', {
      replyCode: 599,
      replyText: 'in the broker’s words',
      method: 'queue.bind',
      cause: 'a cause',
      blame: 'peer',
      scope: 'operation',
      outcome: 'unknown',
      retryable: true,
    });

    expect({ ...error }).toMatchObject({
      replyCode: 599,
      replyText: 'in the broker’s words',
      method: 'queue.bind',
      blame: 'peer',
      scope: 'operation',
      outcome: 'unknown',
      retryable: true,
    });
    expect(error.cause).toBe('a cause');
  });

  it('has a code that no other class has', () => {
    const codes = everyClass.map(([, Class]) => new Class('it failed').code);

    expect(new Set(codes).size).toBe(everyClass.length);
  });

  it('is distinguished from every other class of its kind', () => {
    for (const [name, Class] of everyClass) {
      const error = new Class('it failed');
      const kinds = everyClass.filter(([, Other]) => error instanceof Other).map(([other]) => other);
      const isOfReplyCode = error instanceof AmqpError && name !== 'AmqpError';
      expect(kinds.sort()).toEqual(isOfReplyCode ? ['AmqpError', name].sort() : [name]);
    }
  });
});

describe('the type of code', () => {
  it('is a union of all codes, and a constant in each class', () => {
    expectTypeOf<errors.PukaError['code']>().toEqualTypeOf<errors.ErrorCode>();
    expectTypeOf<string>().not.toExtend<errors.ErrorCode>();
    expectTypeOf<errors.AmqpError['code']>().toEqualTypeOf<errors.AmqpErrorCode>();
    expectTypeOf<errors.NotFound['code']>().toEqualTypeOf<'NOT_FOUND'>();
    expectTypeOf<errors.ConnectionBroken['code']>().toEqualTypeOf<'CONNECTION_BROKEN'>();
    expectTypeOf<errors.ErrorJson['code']>().toEqualTypeOf<errors.ErrorCode>();
    type Elsewhere = errors.ExtensionErrorCode | 'PUKA_ERROR';
    expectTypeOf<Classes['code']>().toEqualTypeOf<Exclude<errors.ErrorCode, Elsewhere>>();
  });

  it('lets a comparison with a code that no class has not compile', () => {
    const error: errors.PukaError = new NotFound('gone');

    // @ts-expect-error: the code is NOT_FOUND.
    expect(error.code === 'NOTFOUND').toBe(false);
    expect(error.code === 'NOT_FOUND').toBe(true);
  });
});

/** What the exported classes make, but for the abstract base. */
type Classes = {
  [Name in keyof typeof errors]: (typeof errors)[Name] extends (new (
    ...rest: never[]
  ) => infer Made extends errors.PukaError)
    ? Made
    : never;
}[keyof typeof errors];

describe('a PukaError', () => {
  it('leaves out of a printed error what is not known', () => {
    const error = new UsageError('queue is 5; it must be a string');

    expect(Object.keys(error).sort()).toEqual(['blame', 'code', 'outcome', 'retryable', 'scope']);
    expect(error.replyCode).toBeUndefined();
    expect(error.replyText).toBeUndefined();
    expect(error.method).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('keeps its name when the class is renamed, as bundlers do', () => {
    Object.defineProperty(NoRoute, 'name', { value: 'a', configurable: true });
    try {
      expect(new NoRoute('returned').name).toBe('NoRoute');
      expect(new NoRoute('returned')).toBeInstanceOf(NoRoute);
    } finally {
      Object.defineProperty(NoRoute, 'name', { value: 'NoRoute', configurable: true });
    }
  });

  it('can be derived from: the derived class is recognised by its identity', () => {
    class QueueGone extends NotFound {}
    class OtherGone extends NotFound {}
    const error = new QueueGone('gone');

    expect(error).toBeInstanceOf(QueueGone);
    expect(error).toBeInstanceOf(NotFound);
    expect(error).not.toBeInstanceOf(OtherGone);
    expect(new NotFound('gone')).not.toBeInstanceOf(QueueGone);
    expect(error.name).toBe('NotFound');
    expect(error.code).toBe('NOT_FOUND');
  });

  it('is not taken for what it is not', () => {
    for (const value of [undefined, null, 404, 'NotFound', {}, new Error('NotFound'), { name: 'NotFound' }, NotFound]) {
      expect(value).not.toBeInstanceOf(PukaError);
      expect(isPukaError(value)).toBe(false);
    }
  });

  it('is not fooled by a brand that holds no names', () => {
    expect(isPukaError({ [Symbol.for('puka.error')]: true })).toBe(false);
  });
});

describe('two copies of the package', () => {
  async function loadSecondCopy(): Promise<typeof errors> {
    vi.resetModules();
    return import('../src/index.ts');
  }

  it('recognise the errors of each other, class by class', async () => {
    const copy: Record<string, unknown> = { ...(await loadSecondCopy()) };
    const copied = everyClass.map(([name, Class]) => ({ name, Class, Other: copy[name] }));

    for (const { name, Class, Other } of copied) {
      if (typeof Other !== 'function') throw new Error(`${name} is missing in the second copy`);
      expect(Other).not.toBe(Class);
      expect(new Class('here') instanceof Other).toBe(true);
      expect(Reflect.construct(Other, ['there']) instanceof Class).toBe(true);
    }
  });

  it('tell a class that a user derives by its identity, and its parents by their names', async () => {
    const copy = await loadSecondCopy();
    class QueueGone extends NotFound {}
    class CopiedQueueGone extends copy.NotFound {}

    expect(new QueueGone('gone')).toBeInstanceOf(copy.NotFound);
    expect(new QueueGone('gone')).toBeInstanceOf(copy.AmqpError);
    expect(new QueueGone('gone')).not.toBeInstanceOf(CopiedQueueGone);
    expect(new CopiedQueueGone('gone')).not.toBeInstanceOf(QueueGone);
    expect(new copy.NotFound('there')).not.toBeInstanceOf(QueueGone);
  });

  it('tell a class with traits of its own by its name', async () => {
    const copy = await loadSecondCopy();
    class Gone extends NotFound {
      static override readonly traits = { ...NotFound.traits, name: 'Gone' };
    }
    class CopiedGone extends copy.NotFound {
      static override readonly traits = { ...copy.NotFound.traits, name: 'Gone' };
    }

    expect(new Gone('gone')).toBeInstanceOf(CopiedGone);
    expect(new NotFound('gone')).not.toBeInstanceOf(CopiedGone);
  });

  it('keep the classes apart across the copies', async () => {
    const copy = await loadSecondCopy();

    expect(new copy.NotFound('there')).not.toBeInstanceOf(NoRoute);
    expect(new copy.NotFound('there')).toBeInstanceOf(AmqpError);
    expect(new ConnectionBroken('here')).not.toBeInstanceOf(copy.AmqpError);
    expect(new ConnectionBroken('here')).toBeInstanceOf(copy.PukaError);
    expect(copy.isPukaError(new NotFound('here'))).toBe(true);
    expect(isPukaError(new copy.UsageError('there'))).toBe(true);
  });
});
