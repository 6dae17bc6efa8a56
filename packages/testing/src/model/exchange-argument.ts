/** Arguments that name an exchange: of queues the dead letter exchange, of exchanges the alternate one. */
import { PreconditionFailed } from '@puka/errors';
import type { Arguments } from './arguments.ts';
import { typeNameOf } from './erlang-terms.ts';
import { type Resource, resourceText } from './resource.ts';
import type { VirtualHost } from './vhost.ts';

/** @returns the exchange for dead letters, there or not; `undefined` if none is named. @throws {PreconditionFailed} */
export function deadLetterTarget(vhost: VirtualHost, owner: Resource, args: Arguments): Resource | undefined {
  return namedExchange(vhost, owner, args, 'x-dead-letter-exchange');
}

/** @returns the alternate exchange, there or not; `undefined` if none is named. @throws {PreconditionFailed} */
export function alternateTarget(vhost: VirtualHost, owner: Resource, args: Arguments): Resource | undefined {
  return namedExchange(vhost, owner, args, 'alternate-exchange');
}

function namedExchange(vhost: VirtualHost, owner: Resource, args: Arguments, name: string): Resource | undefined {
  const field = args.get(name);
  if (field === undefined) return undefined;
  if (field.tag === 'S') return { kind: 'exchange', vhost: vhost.name, name: args.text(name) ?? '' };
  throw new PreconditionFailed(`invalid type '${typeNameOf(field.tag)}' for arg '${name}' in ${resourceText(owner)}`);
}
