/** A process with nothing but a consumer outlives an absence of the broker, and ends when its client is closed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from '@puka/client';
import { type FaultProxy, faultProxy, launchBroker, uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOf } from '../../src/portable/runtimes.ts';

type Broker = Awaited<ReturnType<typeof launchBroker>>;

const program = fileURLToPath(new URL('programs/lone-consumer.mjs', import.meta.url));
let broker: Broker;

beforeAll(async () => {
  broker = await launchBroker();
});

afterAll(() => broker.stop());

/** A child process, its output, and when it ended. */
class Child {
  readonly process: ChildProcess;
  text = '';
  code: number | null | undefined = undefined;
  endedAtMs = 0;

  constructor(runtime: 'node' | 'deno' | 'bun', proxy: FaultProxy, ...args: string[]) {
    const [command, ...options] = commandOf(runtime);
    const env = { ...process.env, AMQP_URL: proxy.urlFor(broker.url), NO_COLOR: '1' };
    this.process = spawn(command, [...options, program, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.process.stdout?.on('data', (bytes: Buffer) => {
      this.text += bytes.toString();
    });
    this.process.once('exit', (code) => {
      this.code = code;
      this.endedAtMs = performance.now();
    });
  }

  /** Waits until it has printed that, or has ended. @returns when. */
  async says(line: string): Promise<number> {
    await waitFor(() => this.text.includes(`${line}\n`) || this.code !== undefined, { description: line });
    expect(this.text).toContain(`${line}\n`);
    return performance.now();
  }
}

describe.each(['node', 'deno', 'bun'] as const)('a process with nothing but a consumer, on %s', (runtime) => {
  it('lives while the broker is away for 5 s, consumes again, and ends after close()', async () => {
    await using proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
    const client = new Client(broker.url);
    await client.connect();
    const queue = uniqueName('lone');
    await client.queueDeclare({ queue, durable: true });
    const child = new Child(runtime, proxy, queue);
    try {
      await child.says('ready');
      await proxy.refuse();
      proxy.reset();
      const lostAtMs = await child.says('disconnected');
      await client.basicPublish({ routingKey: queue, body: 'meanwhile' });
      // The fault itself lasts so long.
      await waitFor(() => performance.now() - lostAtMs > 5000 || child.code !== undefined);
      expect(child.code).toBeUndefined();
      await proxy.restore();
      await child.says('connected');
      await child.says('got meanwhile');
      await client.basicPublish({ routingKey: queue, body: 'end' });
      // Nothing of the client is left that would keep it; the looks at 10 s after the gate do not.
      const closedAtMs = await child.says('closed');
      await waitFor(() => child.code !== undefined);
      expect(child.code).toBe(0);
      expect(child.endedAtMs - closedAtMs).toBeLessThan(3000);
    } finally {
      child.process.kill('SIGKILL');
      await client.queueDelete({ queue });
      await client.close();
    }
  });

  it.each(['waiting', 'reaching', 'restoring'] as const)('ends after close() while it is %s', async (phase) => {
    await using proxy = await faultProxy({ target: { host: broker.host, port: broker.port } });
    const queue = uniqueName('lone');
    const child = new Child(runtime, proxy, queue, phase);
    try {
      await child.says('ready');
      // With this delay each phase lasts long enough to be noticed.
      proxy.latency(100);
      proxy.reset();
      await child.says(`closes while ${phase}`);
      await child.says('closed');
      await waitFor(() => child.code !== undefined);
      expect([child.code, child.text.includes('\nconnected\n')]).toEqual([0, false]);
    } finally {
      child.process.kill('SIGKILL');
    }
  });
});
