/**
 * The servers of the transport contract for a runtime in another process, and relays before them. A program: it prints its URL and the
 * authority of its certificates as JSON, and ends with its standard input.
 */
import {
  type ContractHarness,
  makeCertificates,
  socketHarness,
  startContractHost,
} from '@puka/testkit/transport-contract';
import { nodeConnector as connector } from '@puka/transport/node';
import { relayHarness } from './relay-harness.ts';

const certificates = makeCertificates();
const plain = socketHarness({ name: 'plain', connector, certificates, isSecure: false });
const tls = socketHarness({ name: 'tls', connector, certificates, isSecure: true });
const expired: ContractHarness = { ...tls, startServer: () => tls.startTlsServer({ isExpired: true }) };
/** Speaks first, and no TLS. */
const talking: ContractHarness = {
  ...plain,
  startServer: async () => {
    const server = await plain.startServer();
    server.onAccept = (peer) => peer.write(new TextEncoder().encode('no TLS here\r\n'));
    return server;
  },
};
const relay = relayHarness(plain);
const host = await startContractHost({ plain, tls, expired, talking, relay: relay.harness });
console.log(JSON.stringify({ url: host.url, ca: certificates.ca }));
process.stdin.resume();
process.stdin.once('end', () => process.exit());
