import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@puka/client';
import { expect, inject, it } from 'vitest';

const run = promisify(execFile);
const env = { ...process.env, AMQP_URL: inject('amqpUrl') };

/** The built programs, as their users run them. */
async function output(app: string, ...args: string[]): Promise<string> {
  const program = fileURLToPath(new URL(`../../${app}/dist/index.js`, import.meta.url));
  return (await run(process.execPath, [program, ...args], { env })).stdout;
}

it('sends messages by one program and receives them by the other', async () => {
  expect(await output('send', 'one', 'two')).toBe('sent and confirmed: one two\n');
  expect(await output('send')).toBe('sent and confirmed: Hello, world!\n');
  expect(await output('receive', '2')).toBe('received: one two\nreceived: Hello, world!\n');
  const client = new Client(inject('amqpUrl'));
  await client.connect();
  expect(await client.queueDelete({ queue: 'hello' })).toEqual({ messageCount: 0 });
  await client.close();
});
