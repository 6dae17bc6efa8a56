/** The other clients that have a page in docs/, and their type declarations. It must not read them. */
import { fileURLToPath } from 'node:url';

/** Another client for Node, as it is installed here. */
export interface Peer {
  /** The name of its package; its page is `docs/from-NAME.md`. */
  readonly name: string;
  /** Where its declarations are. */
  readonly folder: string;
  /** The declarations of what it exports, the entry point first, relative to `folder`. */
  readonly files: readonly [string, ...string[]];
}

export const peers: readonly Peer[] = [
  peer('amqplib', '', 'index.d.ts', 'callback_api.d.ts', 'lib/properties.d.ts'),
  peer(
    ...(['rabbitmq-client', 'lib', 'index.d.ts', 'Connection.d.ts', 'Channel.d.ts', 'Consumer.d.ts'] as const),
    ...(['RPCClient.d.ts', 'normalize.d.ts', 'exception.d.ts', 'codec.d.ts'] as const),
  ),
  peer('amqp-connection-manager', 'dist/types', 'index.d.ts', 'AmqpConnectionManager.d.ts', 'ChannelWrapper.d.ts'),
];

function peer(name: string, below: string, first: string, ...others: readonly string[]): Peer {
  const folder = fileURLToPath(new URL(`../../node_modules/${name}/${below}`, import.meta.url));
  return { name, folder, files: [first, ...others] };
}
