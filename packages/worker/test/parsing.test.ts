import type { Message } from '@puka/client';
import * as valibot from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InvalidJob, parseJob } from '../src/parsing.ts';
import type { StandardSchema, StandardSchemaResult } from '../src/standard-schema.ts';

/** As much of a message as parsing looks at. */
function message(text: string): Message {
  return { text: () => text, json: () => JSON.parse(text) as unknown } as unknown as Message;
}

interface Mail {
  readonly to: string;
  readonly tries: number;
}
const schemas: Record<string, StandardSchema<Mail>> = {
  zod: z.object({ to: z.string(), tries: z.number().default(1) }),
  valibot: valibot.object({ to: valibot.string(), tries: valibot.optional(valibot.number(), 1) }),
};

describe.each(Object.entries(schemas))('a schema of %s', (_name, schema) => {
  it('makes the job', async () => {
    expect(await parseJob(schema, message('{"to":"a"}'))).toEqual({ to: 'a', tries: 1 });
  });

  it('reports what does not fit, and where', async () => {
    const error: unknown = await parseJob(schema, message('{"to":7,"tries":"x"}')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidJob);
    expect((error as InvalidJob).issues.map(({ path }) => path)).toEqual(['to', 'tries']);
    expect((error as InvalidJob).message).toMatch(/^to: .+; tries: .+$/);
  });

  it('does not quote a body that is no JSON', async () => {
    await expect(parseJob(schema, message('secret'))).rejects.toThrow(/^the body is not JSON$/);
  });
});

it('takes what a schema validates later, and what it throws', async () => {
  const of = (validate: () => Promise<{ value: number }>): StandardSchema<number> => ({
    '~standard': { version: 1, vendor: 'test', validate },
  });
  expect(
    await parseJob(
      of(async () => ({ value: 3 })),
      message('0'),
    ),
  ).toBe(3);
  const failing = of(async () => {
    throw new Error('no rules');
  });
  await expect(parseJob(failing, message('0'))).rejects.toThrow(InvalidJob);
});

it('takes a function, at once or later, and what it throws', async () => {
  expect(await parseJob((each) => each.text().length, message('abc'))).toBe(3);
  expect(await parseJob(async (each) => each.text().length, message('abc'))).toBe(3);
  const cause = new Error('too short');
  const failing = (): never => {
    throw cause;
  };
  await expect(parseJob(failing, message(''))).rejects.toMatchObject({
    cause,
    issues: [{ message: 'too short', path: '' }],
  });
});

it('treats a schema that is also a function as a schema, as in arktype', async () => {
  const validate = (value: unknown): StandardSchemaResult<number> =>
    typeof value === 'number' ? { value } : { issues: [{ message: 'must be a number' }] };
  // When it is called, it returns the issues and does not throw.
  const schema = Object.assign((value: unknown) => validate(value) as never, {
    '~standard': { version: 1, vendor: 'test', validate } as const,
  });
  expect(await parseJob<number>(schema, message('3'))).toBe(3);
  await expect(parseJob<number>(schema, message('"3"'))).rejects.toThrow(/^must be a number$/);
});

it('rejects with InvalidJob whatever is thrown', async () => {
  const failing = (): never => {
    throw Object.create(null);
  };
  await expect(parseJob(failing, message(''))).rejects.toBeInstanceOf(InvalidJob);
});
