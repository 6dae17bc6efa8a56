/** `node dist/index.js serve`, and `node dist/index.js 10 1000 100000`; AMQP_URL is the broker. */
import { once } from 'node:events';
import { Client } from '@puka/client';
import { ask, startServer } from './program.ts';

const args = process.argv.slice(2);
const client = new Client(process.env['AMQP_URL'] ?? 'amqp:///');
await client.connect();
if (args[0] === 'serve') {
  const service = await startServer(client);
  console.log('serving; ctrl-c stops');
  await Promise.race([once(process, 'SIGINT'), service.ended]);
  await service.stop();
  console.log(service.stats);
} else await ask(client, args.map(Number), 5000, (line) => console.log(line));
await client.close();
