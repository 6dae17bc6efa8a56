/** `node dist/index.js draw`, `first`, `check`, `migrate` or `remove`; AMQP_URL and MANAGEMENT_URL say where. */
import { Client } from '@puka/client';
import { commands } from './program.ts';

const [, , name = 'draw'] = process.argv;
const command = commands[name];
if (command === undefined) throw new Error(`no command ${name}; there are ${Object.keys(commands).join(', ')}`);
const client = new Client(process.env['AMQP_URL'] ?? 'amqp:///');
if (name !== 'draw') await client.connect();
await command(client, (line) => console.log(line), process.env['MANAGEMENT_URL']);
await client.close();
