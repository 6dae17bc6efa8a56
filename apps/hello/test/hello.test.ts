import { expect, inject, it } from 'vitest';
import { chooseBroker, readChoice } from '../src/choose-broker.ts';
import { hello } from '../src/hello.ts';
import { drawProgress } from '../src/picture.ts';

const brokers = [
  { name: 'the embedded broker', url: '', description: /embedded/ },
  { name: 'the broker of AMQP_URL', url: inject('amqpUrl'), description: /^RabbitMQ .* named by AMQP_URL/ },
];

it.each(brokers)('brings every line round, in order, through $name', async ({ url, description }) => {
  await using broker = await chooseBroker(readChoice([]), url, () => {});
  expect(broker.description).toMatch(description);
  const lines = Array.from({ length: 2500 }, (_, index) => `line ${index} ${'é'.repeat(index % 50)}`);
  const result = await hello(broker.url, lines, () => {});
  expect(result).toMatchObject({ total: 2500, sent: 2500, confirmed: 2500, received: 2500 });
  expect(result.receivedChecksum).toBe(result.sentChecksum);
});

it('says nothing of the password in AMQP_URL', async () => {
  const url = inject('amqpUrl');
  await using broker = await chooseBroker(readChoice([]), url, () => {});
  const { username, password } = new URL(url);
  expect(password).not.toBe('');
  expect(broker.description).not.toContain(`${username}:${password}`);
});

it('sends an empty file', async () => {
  await using broker = await chooseBroker(readChoice([]), '', () => {});
  const result = await hello(broker.url, [], () => {});
  expect(result).toMatchObject({ total: 0, sent: 0, received: 0 });
});

it('reads the command line', () => {
  expect(readChoice([])).toEqual({ file: undefined, wantsRabbitmq: false });
  expect(readChoice(['a.txt'])).toEqual({ file: 'a.txt', wantsRabbitmq: false });
  expect(readChoice(['--rabbitmq', 'a.txt'])).toEqual({ file: 'a.txt', wantsRabbitmq: true });
  expect(() => readChoice(['--rabbit'])).toThrow('there is no option --rabbit');
});

it('draws full bars at the end', () => {
  const picture = drawProgress({ total: 10, sent: 10, confirmed: 10, received: 10 }).join('\n');
  expect(picture).not.toContain('.]');
  expect(picture).toContain('( 0 on their way )');
});
