// A worker that connects for each request, by the transport that the root of the package picks for workerd. It answers what it has
// published and consumed, or the error.
import { Client } from '@puka/client';
import { defaultConnector } from '@puka/transport';

// Workers may not connect here.
const early = new Client('amqp:///').connect().then(
  () => 'connected',
  (error) => `${error.name}: ${error.message}`,
);

async function answer(url) {
  await using client = new Client(url);
  await client.connect();
  const { queue } = await client.queueDeclare({ exclusive: true });
  const messages = Array.from({ length: 500 }, (_, i) =>
    client.basicPublish({ routingKey: queue, body: `message ${i}` }),
  );
  await Promise.all(messages);
  const texts = [];
  for await (const message of client.basicConsume({ queue, prefetchCount: 50 })) {
    texts.push(message.text());
    message.ack();
    if (texts.length === messages.length) break;
  }
  return { adapter: defaultConnector.runtime, texts };
}

export default {
  async fetch(request) {
    if (new URL(request.url).pathname === '/early') return new Response(await early);
    try {
      return Response.json(await answer(await request.text()));
    } catch (error) {
      return Response.json({ error: `${error.name}: ${error.message}` });
    }
  },
};
