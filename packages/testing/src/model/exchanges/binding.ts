/** A binding: from an exchange to a queue or another exchange. Must not match anything. */
import type { Arguments } from '../arguments.ts';
import type { ResourceKind } from '../resource.ts';

/** The fields of a binding. */
export interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: ResourceKind;
  readonly routingKey: string;
  readonly arguments: Arguments;
}

/** The same for bindings that are the same: binding again changes nothing. */
export function bindingIdentity(binding: Binding): string {
  const { source, destination, destinationKind, routingKey, arguments: args } = binding;
  return [source, destinationKind, destination, routingKey, args.identity].join('\0');
}
