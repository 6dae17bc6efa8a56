// Nothing but a consumer: says when it is ready, when its connection is lost, and what it gets. It closes behind the message
// `end`, and has nothing left to do then.
import { Client } from '@puka/client';

const client = new Client(process.env.AMQP_URL, { recover: { minDelay: 200, maxDelay: 500 } });
await client.connect();
client.on('disconnected', () => console.log('disconnected'));
client.on('connected', () => console.log('connected'));
const consumer = client.basicConsume({ queue: process.argv[2] }, (error, message) => {
  if (error !== undefined) {
    console.log(`error ${error}`);
    return;
  }
  message.ack();
  console.log(`got ${message.text()}`);
  if (message.text() === 'end') void client.close().then(() => console.log('closed'));
});
await consumer.ready;
console.log('ready');
