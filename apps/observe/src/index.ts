/** `node dist/index.js`: on the embedded broker, or on the one that AMQP_URL names. */
import { startBroker } from '@puka/testing';
import { observe } from './observe.ts';

const url = process.env['AMQP_URL'];
const print = (line: string): void => console.log(line);
if (url !== undefined) await observe(url, print);
else {
  const broker = await startBroker();
  await observe(broker.url, print);
  await broker.stop();
}
