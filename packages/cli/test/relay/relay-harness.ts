/** Puts a relay before each server of a harness of the transport contract. It must not test anything. */
import type { ContractAddress, ContractHarness, ContractServer } from '@puka/testkit/transport-contract';
import { defaultLimits } from '../../src/relay/limits.ts';
import { type Relay, type RelayOptions, startRelay } from '../../src/relay/relay.ts';

/** A relay on a free port of 127.0.0.1, for all origins. */
export function startTestRelay(
  broker: RelayOptions['broker'],
  {
    limits,
    ...options
  }: Partial<Omit<RelayOptions, 'limits'>> & { readonly limits?: Partial<RelayOptions['limits']> } = {},
): Promise<Relay> {
  return startRelay({
    ...{ broker, host: '127.0.0.1', port: 0, path: '/', origins: ['*'] },
    ...options,
    limits: { ...defaultLimits, ...limits },
  });
}

/** @returns a harness whose servers are behind relays; `stop` ends the relay of the refused address. */
export function relayHarness(inner: ContractHarness): { harness: ContractHarness; stop: () => Promise<void> } {
  const relays: Relay[] = [];
  const harness: ContractHarness = {
    ...inner,
    startServer: async () => behindRelay(await inner.startServer()),
    refusedAddress: async (): Promise<ContractAddress> => {
      const relay = await startTestRelay(await inner.refusedAddress());
      relays.push(relay);
      return { host: '127.0.0.1', port: relay.port };
    },
  };
  return { harness, stop: async () => void (await Promise.all(relays.map((relay) => relay.stop()))) };
}

async function behindRelay(server: ContractServer): Promise<ContractServer> {
  const relay = await startTestRelay(server.address);
  return {
    address: { host: '127.0.0.1', port: relay.port },
    nextPeer: () => server.nextPeer(),
    idle: () => server.idle(),
    get onAccept() {
      return server.onAccept;
    },
    set onAccept(listener) {
      server.onAccept = listener;
    },
    stop: async () => {
      await server.stop();
      await relay.stop();
    },
  };
}
