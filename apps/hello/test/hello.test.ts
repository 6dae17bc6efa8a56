import { createHash } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { chooseBroker } from '../src/choose-broker.ts';
import { hello } from '../src/hello.ts';
import { splitLines } from '../src/read-lines.ts';

const brokers = [
  { name: 'the embedded broker', url: '', description: /embedded/ },
  { name: 'the broker of AMQP_URL', url: inject('amqpUrl'), description: /^RabbitMQ .* named by AMQP_URL/ },
];
const quiet = { wantsRabbitmq: false, onProgress: (): void => {} };

it.each(brokers)('brings every line round, in order, through $name', async ({ url, description }) => {
  await using broker = await chooseBroker({ ...quiet, url });
  expect(broker.description).toMatch(description);
  const text = Array.from({ length: 2500 }, (_, index) => `line ${index} ${'é'.repeat(index % 50)}\n`).join('');
  const bytes = new TextEncoder().encode(text);
  const result = await hello(broker.url, splitLines(bytes));
  expect(result).toMatchObject({ total: 2500, sent: 2500, confirmed: 2500, received: 2500, bytes: bytes.length });
  const checksum = createHash('sha256').update(bytes).digest('hex');
  expect([result.sentChecksum, result.receivedChecksum]).toEqual([checksum, checksum]);
});

it.each(brokers)('brings every line round though the connections are cut, through $name', async ({ url }) => {
  await using broker = await chooseBroker({ ...quiet, url });
  const bytes = new TextEncoder().encode(Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join(''));
  const said: string[] = [];
  const cut: typeof broker.cut = (clients) => broker.cut(clients);
  const result = await hello(broker.url, splitLines(bytes), { cut, say: (text) => said.push(text) });
  expect(result).toMatchObject({ sent: 3000, confirmed: 3000, received: 3000 });
  // The message that was unacked at the cut comes again.
  expect(result.duplicates).toBeGreaterThan(0);
  const checksum = createHash('sha256').update(bytes).digest('hex');
  expect([result.sentChecksum, result.receivedChecksum]).toEqual([checksum, checksum]);
  expect([...said].sort()).toEqual([
    'the consumer has lost its connection',
    expect.stringMatching(/^the consumer is back after \d+ ms, consuming again$/),
    'the publisher has lost its connection',
    expect.stringMatching(/^the publisher is back after \d+ ms, \d+ publishes sent again$/),
  ]);
});

it('prints no password of AMQP_URL', async () => {
  const url = inject('amqpUrl');
  await using broker = await chooseBroker({ ...quiet, url });
  const { username, password } = new URL(url);
  expect(password).not.toBe('');
  expect(broker.description).not.toContain(`${username}:${password}`);
});

it('sends an empty file', async () => {
  await using broker = await chooseBroker({ ...quiet, url: '' });
  const result = await hello(broker.url, []);
  expect(result).toMatchObject({ total: 0, sent: 0, received: 0 });
});
