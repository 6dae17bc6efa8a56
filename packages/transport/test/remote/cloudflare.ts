/**
 * The contract suite in Cloudflare's workerd, plain and under TLS: `contract-cli.ts workerd` in packages/checks. Its servers are in
 * another process, which PUKA_CONTRACT_HOST names; workerd trusts their authority.
 */
import { ConnectionBroken, UsageError } from '@puka/errors';
import { defineTransportContract, Recorder, rejection, remoteHarness } from '@puka/testkit/transport-contract';
import { cloudflareConnector as connector } from '@puka/transport/cloudflare';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };
const url = process.env.PUKA_CONTRACT_HOST ?? '';
// Cloudflare has no code.
const refusalText = 'Cloudflare reports no reason';
const harnessOf = (servers: string, address = {}): ReturnType<typeof remoteHarness> =>
  remoteHarness({ name: `Cloudflare, ${servers}`, connector, url, servers, hasSocket: true, refusalText, address });

defineTransportContract(api, harnessOf('plain'));
defineTransportContract(api, harnessOf('tls', { tls: {} }));

describe('TLS of Cloudflare', () => {
  const refused = async (servers: string, options = {}): Promise<unknown> => {
    const server = await harnessOf(servers, { tls: {} }).startServer();
    try {
      const recorder = new Recorder();
      const error = await rejection(connector.connect({ ...server.address, ...options }, recorder));
      expect(recorder.events).toEqual([]);
      return error;
    } finally {
      await server.stop();
    }
  };

  it('does not take a certificate that has expired', async () => {
    const error = await refused('expired');
    expect(error instanceof ConnectionBroken && error.message.includes('is its certificate for this name')).toBe(true);
  });

  it('does not take an answer that is not TLS', async () => {
    const error = await refused('talking');
    expect(error instanceof ConnectionBroken && error.outcome === 'not-sent').toBe(true);
  });

  it('refuses startTls()', async () => {
    const server = await harnessOf('plain').startServer();
    const recorder = new Recorder();
    const transport = await connector.connect(server.address, recorder);
    const error = await rejection(transport.startTls({}, 'localhost'));
    expect(error instanceof UsageError && error.message.includes('Cloudflare cannot upgrade')).toBe(true);
    transport.close();
    await recorder.untilSeen('close');
    await server.stop();
  });
});
