/** Finds out where a URL leads, for commands that connect below AMQP. It must not connect. */
import { Client } from '@puka/client';
import type { ConnectOptions, TransportConnector } from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';

/** Host, port and TLS, with the certificates that the URL names. */
export type BrokerAddress = Pick<ConnectOptions, 'host' | 'port' | 'tls'>;

/**
 * Asks the client itself, so that the URL means what it means everywhere: it is let connect by a transport that notes where
 * to.
 *
 * @throws {UsageError} (rejects) for a bad URL, and for a file of it that cannot be read.
 */
export async function brokerAddress(url: string): Promise<BrokerAddress> {
  let found: BrokerAddress | undefined;
  const noted = new Error('the address is noted');
  const transport: TransportConnector = {
    ...nodeConnector,
    connect: ({ host, port, tls }) => {
      found = { host, port, ...(tls !== undefined && { tls }) };
      return Promise.reject(noted);
    },
  };
  const client = new Client(url, { recover: false, transport });
  try {
    await client.connect();
  } catch (error) {
    if (found === undefined) throw error;
  }
  if (found === undefined) throw noted;
  return found;
}
