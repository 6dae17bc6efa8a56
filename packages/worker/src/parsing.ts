/** Makes jobs of messages. Must not know what becomes of those that do not fit. */
import type { Message } from '@puka/client';
import type { Parse } from './options.ts';
import type { StandardSchema, StandardSchemaIssue } from './standard-schema.ts';

/** A message does not fit; for the error in the event `dead`. */
export class InvalidJob extends Error {
  override readonly name = 'InvalidJob';
  /** What is wrong, one thing each. */
  readonly issues: readonly { readonly message: string; readonly path: string }[];

  constructor(issues: readonly { readonly message: string; readonly path: string }[], cause?: unknown) {
    const texts = issues.map(({ message, path }) => (path === '' ? message : `${path}: ${message}`));
    super(texts.join('; '), cause === undefined ? undefined : { cause });
    this.issues = issues;
  }
}

/** Makes the job. @throws (rejects) {InvalidJob} if the message does not fit. */
export async function parseJob<Job>(parse: Parse<Job>, message: Message): Promise<Job> {
  if (isSchema(parse)) return await validated(parse, message);
  try {
    return await parse(message);
  } catch (error) {
    throw new InvalidJob([{ message: textOf(error), path: '' }], error);
  }
}

/** Whether `parse` is a schema. A schema may also be a function, as in arktype. */
export function isSchema<Job>(parse: Parse<Job>): parse is StandardSchema<Job> {
  return '~standard' in parse && typeof parse['~standard'] === 'object';
}

async function validated<Job>(schema: StandardSchema<Job>, message: Message): Promise<Job> {
  let value: unknown;
  try {
    value = message.json();
  } catch {
    // The error of JSON.parse quotes the body.
    throw new InvalidJob([{ message: 'the body is not JSON', path: '' }]);
  }
  let result: Awaited<ReturnType<StandardSchema<Job>['~standard']['validate']>>;
  try {
    result = await schema['~standard'].validate(value);
  } catch (error) {
    throw new InvalidJob([{ message: textOf(error), path: '' }], error);
  }
  if (result.issues !== undefined) {
    throw new InvalidJob(result.issues.map((issue) => ({ message: issue.message, path: pathOf(issue) })));
  }
  return result.value;
}

/** `a.0.b`. */
function pathOf({ path = [] }: StandardSchemaIssue): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'the thrown value cannot be read';
  }
}
