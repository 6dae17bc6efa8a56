/** What it refuses before it connects. The rest is the contract suite in workerd: test/remote/cloudflare.ts. */
import { UsageError } from '@puka/errors';
import { Recorder, rejection } from '@puka/testkit/transport-contract';
import { cloudflareConnector } from '@puka/transport/cloudflare';
import { describe, expect, it } from 'vitest';

describe('cloudflareConnector', () => {
  it.each<[string, Parameters<typeof cloudflareConnector.connect>[0]]>([
    ['this runtime has no cloudflare:sockets', { host: 'a.test', port: 5672 }],
    ['a port is a whole number from 1 to 65535', { host: 'a.test', port: 0 }],
    ['serverName: it verifies the name', { host: 'a.test', port: 5671, tls: { serverName: 'b.test' } }],
  ])('says: %s', async (text, options) => {
    const error = await rejection(cloudflareConnector.connect(options, new Recorder()));
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(text);
  });

  it('rejects with the reason of a signal that is aborted', async () => {
    const options = { host: 'a.test', port: 5672, signal: AbortSignal.abort('given up') };
    expect(await rejection(cloudflareConnector.connect(options, new Recorder()))).toBe('given up');
  });
});
