import { inspect } from 'node:util';
import { Client } from '@puka/client';
import { type Broker, formsOf, launchBroker, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { register, telemetry } from '../telemetry.ts';

const secret = 'top+secret/word';
let broker: Broker;
let unregister = (): void => {};

beforeAll(async () => {
  unregister = register();
  broker = await launchBroker();
  await broker.addUser('u', secret);
});

afterAll(async () => {
  unregister();
  await broker?.stop();
});

/** Where the secret is in a text, if it is. */
function found(text: string): string[] {
  return formsOf(secret)
    .map((form) => text.search(form))
    .filter((at) => at >= 0)
    .map((at) => text.slice(Math.max(0, at - 100), at + 50));
}

it('no password and no token is in a span or in a metric', async () => {
  expect(found(`x ${secret}`).length).toBeGreaterThan(0);
  const { listener, spans, points, stop } = telemetry();
  let asked = 0;
  const client = new Client(`amqp://localhost:${broker.port}`, {
    diagnostics: listener,
    credentials: () => {
      asked++;
      return { username: 'u', password: secret, expiresIn: 1200 };
    },
  });
  const refused = new Client(broker.urlFor({ user: 'nobody', password: secret }), { diagnostics: listener });
  await expect(refused.connect()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  await client.connect();
  const { queue } = await client.queueDeclare({ exclusive: true });
  await client.basicPublish({ routingKey: queue, body: secret, headers: { token: secret } });
  await client.basicPublish({ routingKey: 'nowhere', mandatory: true, body: secret }).catch(() => {});
  const message = await client.basicGet({ queue });
  if (message !== null) client.process(message, () => message.ack());
  // The password was given to the broker a second time.
  await waitFor(() => asked > 1);
  await client.close();
  expect(spans().length).toBe(5);
  const seen = spans().map(({ name, attributes, status, events, links }) => ({
    name,
    attributes,
    status,
    events,
    links,
  }));
  expect(found(inspect([seen, await points()], { depth: 20, maxArrayLength: null, maxStringLength: null }))).toEqual(
    [],
  );
  await stop();
});
