/** Programs that connect and publish one persistent message, by client. Each is loaded where its start is measured. */

interface Program {
  /** Resolves when the message is confirmed. @returns what closes the connection. */
  publishOne(url: string, queue: string): Promise<() => Promise<unknown>>;
}

export const programs = {
  puka: (): Promise<Program> => import('./puka.ts'),
  amqplib: (): Promise<Program> => import('./amqplib.ts'),
  'rabbitmq-client': (): Promise<Program> => import('./rabbitmq-client.ts'),
  cloudamqp: (): Promise<Program> => import('./cloudamqp.ts'),
};
