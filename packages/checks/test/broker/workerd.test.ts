/** The built client in Cloudflare's workerd, over `cloudflare:sockets`, against RabbitMQ. */
import { type Broker, launchBroker, refusedPort } from '@puka/testkit';
import { makeCertificates } from '@puka/testkit/transport-contract';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningWorkerd, startWorkerd } from '../../src/portable/workerd.ts';

const entry = new URL('programs/cloudflare-worker.mjs', import.meta.url).pathname;
const certificates = makeCertificates();
let broker: Broker;
let workerd: RunningWorkerd;

beforeAll(async () => {
  const conditions = ['workerd', 'worker', 'browser']; // as Cloudflare's own tool has them
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false, format: 'esm', platform: 'neutral', target: 'es2022' },
    ...{ conditions, logLevel: 'error' },
  });
  const program = outputFiles[0]?.text ?? '';
  broker = await launchBroker({ tls: certificates.server });
  // From before workers had anything of Node's.
  workerd = await startWorkerd({ program, trusted: certificates.ca, compatibilityDate: '2024-01-01' });
});
afterAll(async () => {
  await workerd?.stop();
  await broker?.stop();
});

async function ask(url: string): Promise<{ adapter?: string; texts?: readonly string[]; error?: string }> {
  const answer: object = JSON.parse(await (await fetch(workerd.url, { method: 'POST', body: url })).text());
  return answer;
}

describe('the client in workerd', () => {
  const texts = Array.from({ length: 500 }, (_, i) => `message ${i}`);

  it('publishes and consumes', async () => {
    expect(await ask(broker.url)).toEqual({ adapter: 'cloudflare', texts });
  });

  it('does so in each of many requests at a time', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(broker.url)));
    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ adapter: 'cloudflare', texts })));
  });

  it('publishes and consumes over TLS', async () => {
    expect(await ask(broker.tlsUrl ?? '')).toEqual({ adapter: 'cloudflare', texts });
  });

  it('reports that the login is refused', async () => {
    const url = broker.urlFor({ password: 'wrong' });
    expect((await ask(url)).error).toContain('AuthenticationFailed');
  });

  it('reports what to look at when it cannot connect', async () => {
    const { error } = await ask(`amqp://127.0.0.1:${await refusedPort()}`);
    expect(error).toContain('ConnectionBroken');
    expect(error).toContain('Cloudflare reports no reason; is the name right');
  });

  it('cannot connect outside a request, which does no harm to those of the requests', async () => {
    const text = await (await fetch(`${workerd.url}early`)).text();
    expect(text).toContain('not allowed within global scope');
    expect(await ask(broker.url)).toEqual({ adapter: 'cloudflare', texts });
  });
});
