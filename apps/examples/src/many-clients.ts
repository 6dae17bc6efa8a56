/** Several connections in one loop: here a ring in which each passes the message on to the next. */
import { Client, loop } from '@puka/client';
import type { Program } from './program.ts';

export const manyClients: Program = async (url, print, [count = '5', queue = 'examples.ring']) => {
  const clients = Array.from({ length: Number(count) }, () => new Client(url));
  await Promise.all(clients.map((client) => client.connect()));

  for (const [at, client] of clients.entries()) {
    const next = clients[at + 1];
    const own = `${queue}.${at}`;
    await client.queueDeclare({ queue: own, exclusive: true });
    client.basicConsume({ queue: own, noAck: true }, (_error, message) => {
      if (message === undefined) return;
      print(`client ${at} has: ${message.text()}`);
      if (next === undefined) for (const each of clients) each.close();
      else next.basicPublish({ routingKey: `${queue}.${at + 1}`, body: `${message.text()}, ${at + 1}` });
    });
  }

  clients[0]?.basicPublish({ routingKey: `${queue}.0`, body: '0' });
  await loop(clients);
  print('all are closed');
};
