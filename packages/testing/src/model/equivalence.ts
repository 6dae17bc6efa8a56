/** Whether a second declare asks for what is there. RabbitMQ: not the same is 406 `inequivalent arg`. Must not declare. */
import { PreconditionFailed } from '@puka/errors';
import type { FieldTag, Tagged } from '@puka/wire';
import type { Arguments } from './arguments.ts';
import { quotedValue, typeNameOf } from './erlang-terms.ts';
import { type Resource, resourceText } from './resource.ts';
import { isSameValue } from './same-value.ts';

/** @throws {PreconditionFailed} if a property of what is declared again is another. */
export function assertSameProperty(
  resource: Resource,
  property: string,
  received: string | boolean,
  current: string | boolean,
): void {
  if (received === current) return;
  throw inequivalent(resource, property, `'${received}'`, `'${current}'`);
}

/**
 * Compares the arguments that count for a kind of resource; others may differ as they like.
 *
 * @throws {PreconditionFailed} for the first that is another.
 */
export function assertSameArguments(
  resource: Resource,
  received: Arguments,
  current: Arguments,
  names: readonly string[],
): void {
  for (const name of names) assertSameArgument(resource, name, received.get(name), current.get(name));
}

function assertSameArgument(
  resource: Resource,
  name: string,
  received: Tagged | undefined,
  current: Tagged | undefined,
): void {
  if (received === undefined && current === undefined) return;
  if (received !== undefined && current !== undefined) {
    if (isSameClass(received.tag, current.tag) && isSameValue(received, current)) return;
    // RabbitMQ: values that differ only in their tag are equal.
    if (received.tag !== current.tag && quotedValue(received) === quotedValue(current)) return;
    throw inequivalent(resource, name, quotedValue(received), quotedValue(current));
  }
  // RabbitMQ: a queue without a type is a classic one.
  if (name === 'x-queue-type' && (received ?? current)?.value === 'classic') return;
  throw inequivalent(resource, name, described(received), described(current));
}

function inequivalent(resource: Resource, name: string, received: string, current: string): PreconditionFailed {
  return new PreconditionFailed(
    `inequivalent arg '${name}' for ${resourceText(resource)}: received ${received} but current is ${current}`,
  );
}

function described(field: Tagged | undefined): string {
  return field === undefined ? 'none' : `the value ${quotedValue(field)} of type '${typeNameOf(field.tag)}'`;
}

/** Numbers are of one class whatever their width. */
function isSameClass(a: FieldTag, b: FieldTag): boolean {
  return classOf(a) === classOf(b);
}

function classOf(tag: FieldTag): string {
  if ('bBsuIilD'.includes(tag)) return 'integer';
  return tag === 'f' || tag === 'd' ? 'float' : tag;
}
