/** The other clients that have a page in docs/, and their type declarations. It must not read them. */
import { fileURLToPath } from 'node:url';

/** Another client for Node, as it is installed here. */
export interface Peer {
  /** The name of its package. */
  readonly name: string;
  /** Its page, in docs/. */
  readonly page: string;
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
  peer(
    ...(['@cloudamqp/amqp-client', 'types', 'index.d.ts', 'amqp-session.d.ts', 'amqp-queue.d.ts'] as const),
    ...['amqp-exchange', 'amqp-subscription', 'amqp-message', 'amqp-properties', 'amqp-publisher'].map(declarationOf),
    ...['amqp-codec-registry', 'amqp-rpc-client', 'amqp-rpc-server', 'amqp-mockable', 'amqp-error'].map(declarationOf),
    ...['amqp-base-client', 'amqp-socket-client', 'amqp-websocket-client', 'amqp-channel'].map(declarationOf),
    ...['amqp-consumer', 'amqp-tls-options', 'types'].map(declarationOf),
  ),
  peer('amqp-connection-manager', 'dist/types', 'index.d.ts', 'AmqpConnectionManager.d.ts', 'ChannelWrapper.d.ts'),
];

function peer(name: string, below: string, first: string, ...others: readonly string[]): Peer {
  const folder = fileURLToPath(new URL(`../../node_modules/${name}/${below}`, import.meta.url));
  const page = `from-${name.replace('@', '').replace('/', '-')}.md`;
  return { name, page, folder, files: [first, ...others] };
}

function declarationOf(name: string): string {
  return `${name}.d.ts`;
}
