/**
 * A client driven by hand: the loop below decides when it reads, writes and calls back. Between its calls the client does
 * nothing at all.
 */
import type { Socket } from 'node:net';
import { Client } from '@puka/client';
import type { Program } from './program.ts';

export const selectLoop: Program = async (url, print, [queue = 'examples.by-hand']) => {
  const client = new Client(url, { drive: 'manual' });
  let isOver = false;

  client.connect((error) => {
    if (error) throw error;
    client.queueDeclare({ queue, exclusive: true }, () => {
      client.basicPublish({ routingKey: queue, body: 'by hand' });
      client.basicConsume({ queue }, (_error, message) => {
        if (message === undefined) return;
        print(`received: ${message.text()}`);
        message.ack();
        client.close(() => {
          isOver = true;
        });
      });
    });
  });

  while (!isOver) {
    if (client.needsWrite()) client.onWrite();
    await readable(client);
    client.onRead();
    if (client.nextDeadline() <= performance.now()) client.handleTimeout();
    client.runAnyCallbacks();
  }
  print('closed');
};

/** Until the socket has something to read, the connection has a new state, or a heartbeat or time-out is due. */
async function readable(client: Client): Promise<void> {
  const socket = client.socket() as Socket | undefined; // On Node it is one, once the client is connected.
  await new Promise<void>((resolve) => {
    const untilDue = Math.min(client.nextDeadline() - performance.now(), 2 ** 31 - 1);
    const timer = setTimeout(wake, untilDue);
    function wake(): void {
      clearTimeout(timer);
      socket?.off('readable', wake);
      client.off('ioReady', wake);
      resolve();
    }
    socket?.once('readable', wake);
    client.once('ioReady', wake);
  });
}
