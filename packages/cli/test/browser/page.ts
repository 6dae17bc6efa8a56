/** The page of the browser test: a client in Chromium. It shows what it does, and the test reads it from there. */
import { Client, NotFound } from '@puka/client';

interface Row {
  textContent: string;
  className: string;
}
declare const document: {
  readonly title: string;
  createElement(name: string): Row;
  querySelector(selector: string): { append(row: Row): void };
};
declare const location: { readonly search: string };

/** One row of the page's list. */
function show(text: string, className = 'done'): void {
  const row = document.createElement('li');
  row.textContent = text;
  row.className = className;
  document.querySelector('ol').append(row);
}

const count = 1000;

async function main(): Promise<void> {
  // `transport` is left out: the bundle has that of browsers.
  const client = new Client(new URLSearchParams(location.search).get('url') ?? '', {
    recover: { minDelay: 20, maxDelay: 200 },
  });
  client.on('disconnected', (error) => {
    if (error !== undefined) show(`disconnected: ${error.message}`, 'note');
  });
  const { serverProperties } = await client.connect();
  show(`connected to ${serverProperties.product} ${serverProperties.version}`);

  const { queue } = await client.queueDeclare({ queue: new URLSearchParams(location.search).get('queue') ?? '' });
  const consumer = client.basicConsume({ queue, prefetchCount: 100 });
  await consumer.ready;
  const body = new Uint8Array(1024 * 1024).map((_, index) => index % 251);
  for (let n = 0; n < count; n++) {
    const published = client.basicPublish({ routingKey: queue, body: n === count / 2 ? body : `message ${n}` });
    published.catch((error: unknown) => show(String(error), 'failed'));
    if (client.needsDrain) await client.drained();
  }
  let received = 0;
  for await (const message of consumer) {
    const isRight =
      received === count / 2
        ? message.body.every((octet, index) => octet === index % 251) && message.body.length === body.length
        : message.text() === `message ${received}`;
    if (!isRight) throw new Error(`message ${received} is another one`);
    message.ack();
    received += 1;
    if (received === count) break;
  }
  show(`published and consumed ${received} messages, one of them of 1 MiB`);

  const error = await client.queueDeclare({ queue: 'no-such-queue', passive: true }).catch((reason: unknown) => reason);
  if (!(error instanceof NotFound)) throw new Error('there is a queue that nobody has declared');
  show(`a missing queue is ${error.name}, and nothing else failed`);

  show('waiting for a message from the test', 'waiting');
  for await (const message of client.basicConsume({ queue })) {
    show(`received: ${message.text()}`);
    message.ack();
    if (message.text() === 'last') break;
  }
  await client.shutdown();
  show('shut down');
}

main().catch((error: unknown) => show(String(error), 'failed'));
