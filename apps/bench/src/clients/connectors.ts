/** The clients by name. Each is loaded only in the process that measures it. */
import type { BenchClient, Closable, FullClient } from '../job.ts';

interface Connector<Client> {
  connect(url: string): Promise<Client>;
}

interface FullConnector extends Connector<FullClient> {
  /** Only connects, as its user does who waits for something to do. */
  open(url: string): Promise<Closable>;
}

/** This client and its peers. */
export const fullConnectors = {
  puka: (): Promise<FullConnector> => import('./puka.ts'),
  amqplib: (): Promise<FullConnector> => import('./amqplib.ts'),
  'rabbitmq-client': (): Promise<FullConnector> => import('./rabbitmq-client.ts'),
  cloudamqp: (): Promise<FullConnector> => import('./cloudamqp.ts'),
};

/** The packages of the peers. */
export const peerPackages = ['amqplib', 'rabbitmq-client', '@cloudamqp/amqp-client'];

/** This client with an option that its users may choose, for what that makes cheaper. */
export const ownByOption = {
  'puka (lent)': async (): Promise<Connector<FullClient>> => (await import('./puka.ts')).lending,
  'puka (no confirms)': async (): Promise<Connector<FullClient>> => (await import('./puka.ts')).unconfirmed,
};

/** Those, and the floor: a loop without a client. */
export const connectors = {
  ...fullConnectors,
  ...ownByOption,
  'bare loop': (): Promise<Connector<BenchClient>> => import('./bare-loop.ts'),
};
