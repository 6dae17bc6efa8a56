// Runs only a consumer. Prints when it is ready, when its connection is lost, and what it receives. It closes after the message
// `end`, or in the phase of recovery that its second argument names, and has nothing left to do then.
import { setInterval } from 'node:timers';
import { Client } from '@puka/client';

const [queue, phaseOfClose] = process.argv.slice(2);
const client = new Client(process.env.AMQP_URL, { recover: { minDelay: 200, maxDelay: 500 } });
const close = () => client.close().then(() => console.log('closed'));
await client.connect();
client.on('disconnected', () => console.log('disconnected'));
client.on('connected', () => console.log('connected'));
await client.queueDeclare({ queue, durable: true });
const consumer = client.basicConsume({ queue }, (error, message) => {
  if (error !== undefined) {
    console.log(`error ${error}`);
    return;
  }
  message.ack();
  console.log(`got ${message.text()}`);
  if (message.text() === 'end') void close();
});
await consumer.ready;
if (phaseOfClose !== undefined) {
  // The interval does not keep the process running; only the client does.
  const look = setInterval(() => {
    if (client.recovery.phase !== phaseOfClose) return;
    clearInterval(look);
    console.log(`closes while ${phaseOfClose}`);
    void close();
  }, 1).unref();
}
console.log('ready');
