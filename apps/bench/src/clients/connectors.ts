/** The clients by name. Each is loaded only in the process that measures it. */
import type { BenchClient, FullClient } from '../job.ts';

interface Connector<Client> {
  connect(url: string): Promise<Client>;
}

/** This client and its peers. */
export const fullConnectors = {
  puka: (): Promise<Connector<FullClient>> => import('./puka.ts'),
  amqplib: (): Promise<Connector<FullClient>> => import('./amqplib.ts'),
  'rabbitmq-client': (): Promise<Connector<FullClient>> => import('./rabbitmq-client.ts'),
  cloudamqp: (): Promise<Connector<FullClient>> => import('./cloudamqp.ts'),
};

/** The packages of the peers. */
export const peerPackages = ['amqplib', 'rabbitmq-client', '@cloudamqp/amqp-client'];

/** Those, and the floor: a loop without a client. */
export const connectors = {
  ...fullConnectors,
  'bare loop': (): Promise<Connector<BenchClient>> => import('./bare-loop.ts'),
};
