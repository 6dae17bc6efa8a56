/** Prints what comes to the queue `hello`; with a number on the command line it ends after so many messages. */
import { Client } from '@puka/client';

const client = new Client(process.env['AMQP_URL']);
await client.connect();

await client.queueDeclare({ queue: 'hello', durable: true });
let left = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);
for await (const message of client.basicConsume({ queue: 'hello', prefetchCount: 10 })) {
  console.log(`received: ${message.text()}`);
  message.ack();
  if (--left <= 0) break;
}

await client.close();
