import { Client } from '@puka/client';
import { expect, inject, it } from 'vitest';

/** The names of the classes of all objects that an inspection can get to. */
function classesBehind(start: object): Set<string | undefined> {
  const seen = new Set<object>();
  const waiting = [start];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (seen.has(value) || ArrayBuffer.isView(value)) continue;
    seen.add(value);
    const held: unknown[] = Reflect.ownKeys(value).map((key) => Reflect.getOwnPropertyDescriptor(value, key)?.value);
    if (value instanceof Map) held.push(...value.keys(), ...value.values());
    if (value instanceof Set) held.push(...value);
    for (const other of held) if (typeof other === 'object' && other !== null) waiting.push(other);
  }
  // Bundlers change a name that is taken: `_Core`, `Core2`.
  return new Set([...seen].map((value) => value.constructor?.name.replace(/^_|\d+$/g, '')));
}

it('what is handed out does not lead to the whole client', async () => {
  const client = new Client(inject('amqpUrl'));
  const connecting = client.connect();
  await connecting;
  const { queue } = await client.queueDeclare({ exclusive: true });
  await Promise.all([1, 2].map(() => client.basicPublish({ routingKey: queue })));
  const got = await client.basicGet({ queue });
  const consumer = client.basicConsume({ queue });
  const message = await client.wait(consumer);
  const handedOut = { connecting, consumer, message, got };
  const classes = classesBehind(handedOut);
  await client.close();
  expect(classes).toContain('Subscription');
  expect(classes).not.toContain('Core');
});
