/** What headers exchanges match by. Must not know exchanges. AMQP 0-9-1 §3.1.3.4, with RabbitMQ's `-with-x`. */
import { PreconditionFailed } from '@puka/errors';
import type { Tagged } from '@puka/wire';
import type { Arguments } from '../arguments.ts';
import { typeNameOf, valueTerm } from '../erlang-terms.ts';
import { isSameValue } from '../same-value.ts';

const kinds = ['all', 'any', 'all-with-x', 'any-with-x'];

/** @throws {PreconditionFailed} for an `x-match` that is none of the four. */
export function checkHeadersBinding(args: Arguments): void {
  const match = args.get('x-match');
  if (match === undefined) return;
  if (match.tag !== 'S') {
    throw new PreconditionFailed(
      `Invalid x-match field type ${typeNameOf(match.tag)} (value ${valueTerm(match)}); expected longstr`,
    );
  }
  if (kinds.includes(String(match.value))) return;
  throw new PreconditionFailed(
    `Invalid x-match field value ${valueTerm(match)}; expected all, any, all-with-x, or any-with-x`,
  );
}

/** Headers to look up by name; of a name that repeats the first. */
export function headersByName(headers: readonly (readonly [string, Tagged])[]): ReadonlyMap<string, Tagged> {
  const map = new Map<string, Tagged>();
  for (const [name, value] of headers) if (!map.has(name)) map.set(name, value);
  return map;
}

/** Whether the headers of a message fit the arguments of a binding; an argument without a value asks for the name alone. */
export function matchesHeaders(args: Arguments, headers: ReadonlyMap<string, Tagged>): boolean {
  const kind = args.text('x-match') ?? 'all';
  const isWithX = kind.endsWith('-with-x');
  const wanted = args.entries.filter(([name]) => name !== 'x-match' && (isWithX || !name.startsWith('x-')));
  const fits = ([name, value]: [string, Tagged]): boolean => {
    const header = headers.get(name);
    return header !== undefined && (value.tag === 'V' || isSameValue(value, header));
  };
  return kind.startsWith('any') ? wanted.some(fits) : wanted.every(fits);
}
