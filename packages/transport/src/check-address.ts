/** Refuses an address that cannot be connected to, with one text on every runtime. It must not look anything up. */
import { UsageError } from '@puka/errors';
import type { ConnectOptions } from './contract.ts';
import { formatAddress } from './failure.ts';

/** @throws UsageError for an empty host, and for a port that is not a whole number from 1 to 65535. */
export function checkAddress({ host, port }: Pick<ConnectOptions, 'host' | 'port'>): void {
  if (typeof host !== 'string' || host === '') throw new UsageError('cannot connect: the host is empty');
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`cannot connect to ${formatAddress(host, port)}: a port is a whole number from 1 to 65535`);
}
