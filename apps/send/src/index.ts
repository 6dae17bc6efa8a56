/** Sends the words of the command line to the queue `hello`, and prints when the broker has them. */
import { Client } from '@puka/client';

const client = new Client(process.env['AMQP_URL']);
await client.connect();

await client.queueDeclare({ queue: 'hello', durable: true });
const body = process.argv.slice(2).join(' ') || 'Hello, world!';
await client.basicPublish({ routingKey: 'hello', body });
console.log(`sent and confirmed: ${body}`);

await client.close();
