/** The programs that use the packed packages together, as texts. It must not run them. */

const notEmpty = 'if (Object.keys(module).length === 0) throw new Error(name + " exports nothing");';

/** Imports every entry point. */
export function importing(specifiers: readonly string[]): string {
  return `for (const name of ${JSON.stringify(specifiers)}) { const module = await import(name); ${notEmpty} }\n`;
}

/** Requires every entry point; then compares the errors of the CommonJS build with those of the other. */
export function requiring(specifiers: readonly string[]): string {
  return `for (const name of ${JSON.stringify(specifiers)}) { const module = require(name); ${notEmpty} }
const ours = require('@puka/errors');
const theirs = require('./node_modules/@puka/errors/dist/cjs/index.js');
if (ours.NotFound === theirs.NotFound) throw new Error('there is only one copy of the errors');
for (const [one, other] of [[ours, theirs], [theirs, ours]]) {
  const error = new one.NotFound('no queue');
  if (!(error instanceof other.NotFound) || !(error instanceof other.PukaError) || !other.isPukaError(error)) {
    throw new Error('an error of one copy is not recognised by the other');
  }
  if (error instanceof other.AccessRefused) throw new Error('each error is taken for any other');
}
`;
}

/** Imports every entry point with types, as a module or, in a CommonJS file, as what the compiler makes \`require\` of. */
export function typed(specifiers: readonly string[]): string {
  const imports = specifiers.map((specifier, index) => `import * as package${index} from '${specifier}';`);
  return `${imports.join('\n')}
import type { Client, Consumer, Message, Operation } from '@puka/client';
import { isPukaError, NotFound, PukaError } from '@puka/errors';

export const modules: readonly object[] = [${specifiers.map((_, index) => `package${index}`).join(', ')}];
const error: PukaError = new NotFound('no queue', { replyCode: 404 });
const caught: unknown = error;
if (isPukaError(caught)) {
  const code: string = caught.code;
  console.log(code);
}
// @ts-expect-error the message is needed: an untyped package would accept this
new NotFound();

export function consume(client: Client): void {
  client.basicConsume({ queue: 'jobs' }, (error, message) => {
    if (error) throw error;
    message.ack();
  });
  client.basicCancel(client.basicConsume({ queue: 'jobs' }), (error) => console.log(error?.message));
}

/** Those of the names that a published type has. */
type Shown<Thing, Name extends string> = Name extends keyof Thing ? Name : never;
type Internals =
  | Shown<Operation<void>, 'fulfil' | 'reject' | 'watch' | 'runCallback' | 'setCallback' | 'release' | 'isSent'>
  | Shown<Consumer, 'push' | 'end' | 'next' | 'sources' | 'beginCancel' | 'takeWaiting' | 'runCallbacks' | 'stop'>
  | Shown<Message, 'putBack' | 'settledBy' | 'costBytes'>;
export const internals: readonly never[] = [] as Internals[];
export const known: Shown<Consumer, 'cancel' | 'push'> = 'cancel';
`;
}

/** A test for Jest as it comes: CommonJS, without a setting. It sends a message through the embedded broker. */
export const jestTest = `
const { Client, NotFound } = require('@puka/client');
const { startBroker } = require('@puka/testing');

test('publishes through the embedded broker, and all of it is CommonJS', async () => {
  const broker = await startBroker();
  const client = new Client(broker.url);
  await client.connect();
  await client.queueDeclare({ queue: 'jobs', durable: true });
  const headers = { bytes: new Uint8Array([1]), date: new Date(0), text: 'x' };
  await client.basicPublish({ routingKey: 'jobs', body: Buffer.from('hello'), headers });
  const message = await client.basicGet({ queue: 'jobs' });
  expect(message.text()).toBe('hello');
  expect(message.headers).toMatchObject(headers);
  message.ack();
  await expect(client.basicGet({ queue: 'missing' })).rejects.toBeInstanceOf(NotFound);
  await expect(client.basicGet({ queue: 'missing' })).rejects.toBeInstanceOf(require('@puka/errors').PukaError);
  await client.close();
  await broker.stop();
  for (const name of ['errors', 'wire', 'transport', 'client', 'testing']) {
    expect(require.resolve('@puka/' + name)).toMatch(/dist.cjs/);
  }
});
`;
