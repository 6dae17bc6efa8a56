// Shows everything that a client hands out, in every way that the runtime has to look at it: a line of JSON for each.
// Whether a secret is in it is the test's to say, which has started it. The places come as JSON in PUKA_PLACES.
import { inspect } from 'node:util';
import { Client, type ClientOptions } from '@puka/client';
import type { Places } from './places.ts';

const places: Places = JSON.parse(process.env.PUKA_PLACES ?? '');
const { secret } = places;
const url = `amqp://${places.plain}`;

type Show = (value: unknown) => string;

const everything = { depth: 30, showHidden: true, getters: true };
const ways = new Map<string, Show>([
  ['util.inspect', (value) => inspect(value, { ...everything, maxArrayLength: null, maxStringLength: null })],
  ['util.inspect of what is behind', (value) => inspect(value, { depth: 30, customInspect: false })],
  ['JSON', (value) => JSON.stringify(value, withoutCycles()) ?? ''],
  ['text', textOf],
]);
for (const runtime of ['Deno', 'Bun']) {
  const own: unknown = Reflect.get(Object(Reflect.get(globalThis, runtime)), 'inspect');
  if (typeof own !== 'function') continue;
  const options = { ...everything, iterableLimit: 100_000, strAbbreviateSize: 1_000_000 };
  ways.set(`${runtime}.inspect`, (value) => String(own(value, options)));
}

/** Words, stack and causes. */
function textOf(value: unknown): string {
  if (!(value instanceof Error)) return String(value);
  const others = value instanceof AggregateError ? value.errors.map(textOf) : [];
  return [String(value), value.stack, ...others, value.cause === undefined ? '' : textOf(value.cause)].join('\n');
}

function withoutCycles(): (key: string, value: unknown) => unknown {
  const seen = new Set<unknown>();
  return (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return undefined;
    seen.add(value);
    return value;
  };
}

function show(what: string, ...values: readonly unknown[]): void {
  for (const [way, toText] of ways) {
    for (const value of values) console.log(JSON.stringify({ what, way, text: shownBy(toText, value) }));
  }
}

/** What cannot be shown may still have a text. */
function shownBy(toText: Show, value: unknown): string {
  try {
    return toText(value);
  } catch (error) {
    return String(error);
  }
}

/** Connects where it is refused. */
async function refused(what: string, urls: string | readonly string[], options: ClientOptions = {}): Promise<void> {
  const client = new Client(urls, { connectTimeout: 30_000, ...options });
  const connecting = client.connect();
  show(`${what}, under way`, client, connecting);
  const error: unknown = await connecting.catch((reason: unknown) => reason);
  show(what, client, connecting, error, client.socket());
}

console.warn = (...values: readonly unknown[]): void => show('a warning', ...values);

show('control', { password: secret });
show('control of errors', new Error('outside', { cause: new Error(`wrong: ${secret}`) }));

const wrong = { username: 'nobody', password: secret };
await refused(
  'in the URL',
  [url, url].map((each) => each.replace('//', `//nobody:${encodeURIComponent(secret)}@`)),
);
await refused('a value', url, { credentials: wrong });
await refused('from a function', url, { credentials: async () => wrong });
await refused('AMQPLAIN', url, { credentials: wrong, mechanisms: ['AMQPLAIN'] });
await refused('an answer to a challenge', url, {
  mechanisms: [{ name: 'RABBIT-CR-DEMO', begin: () => ({ response: 'guest', answer: async () => `${secret}!` }) }],
});
await refused('a virtual host refused', `amqp://keeper:${encodeURIComponent(secret)}@${places.plain}/closed`);
await refused('a port without TLS', `amqps://keeper:${encodeURIComponent(secret)}@${places.plain}`);
await refused('a dropped line', `amqp://${places.dropping}`, {
  credentials: wrong,
  clientProperties: { platform: 'any' },
});
const { client: identity, ca } = places.certificates;
await refused('a passphrase', `amqps://${places.tls}/nowhere`, {
  tls: { ca, cert: identity.cert, key: identity.encryptedKey, passphrase: secret },
});
await refused('a passphrase in the URL', `amqps://${places.tls}?password=${encodeURIComponent(secret)}`);
for (const [what, bad] of [
  ['a URL out of form', `amqp://u:${secret}@host`],
  ['a URL with a port out of range', `amqp://u:${encodeURIComponent(secret)}@host:99999`],
  ['a URL with an unknown parameter', `amqp://u:${encodeURIComponent(secret)}@host?colour=red`],
] as const) {
  try {
    new Client(bad);
    throw new Error(`${what} was taken`);
  } catch (error) {
    show(what, error);
  }
}

let asked = 0;
const client = new Client(url, {
  credentials: () => {
    asked += 1;
    return { username: 'keeper', password: secret, ...(asked === 1 ? { expiresIn: 1 } : {}) };
  },
});
client.on('unobserved', (error) => show('unobserved', error));
const connecting = client.connect();
show('connecting', client, connecting);
const info = await connecting;
const { queue } = await client.queueDeclare({ exclusive: true });
await client.basicPublish({ routingKey: queue, body: 'x' });
const consumer = client.basicConsume({ queue });
const message = await client.wait(consumer, { timeout: 10_000 });
const missing: unknown = await client
  .queueDeclare({ queue: 'nowhere', passive: true })
  .catch((error: unknown) => error);
show('at work', client, connecting, info, consumer, message, missing, client.socket());
await client.close();
show('closed', client, connecting, consumer);

const renewing = new Client(url, {
  credentials: () => ({ username: '', password: asked++ === 1 ? places.tokens.first : secret, expiresIn: 1 }),
});
asked = 1;
const lost = new Promise((resolve) => renewing.once('disconnected', resolve));
await renewing.connect();
show('a new secret refused', await lost, renewing);
await renewing.close();
process.exit(0);
