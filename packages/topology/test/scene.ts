/** An embedded broker and a client of it that does not recover, gone with the test. Holds no test. */
import { Client } from '@puka/client';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { onTestFinished } from 'vitest';

export interface Scene {
  readonly broker: EmbeddedBroker;
  readonly client: Client;
  /** Another client, connected. */
  another(): Promise<Client>;
}

export async function scene(): Promise<Scene> {
  const broker = await startBroker({ listen: false });
  const clients: Client[] = [];
  const another = async (): Promise<Client> => {
    const client = new Client('amqp://', { transport: broker.transport(), recover: false });
    clients.push(client);
    await client.connect();
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await broker.stop();
  });
  return { broker, client: await another(), another };
}
