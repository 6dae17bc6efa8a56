/** The clients and queues of one test file on the real broker: made when asked for, gone after it. Holds no test. */
import { Client, type ClientOptions, type QueueDeclareOptions } from '@puka/client';
import { uniqueName, waitFor } from '@puka/testkit';
import { afterAll, beforeAll, inject } from 'vitest';

/** The clients and queues of one test file. */
export interface Scene {
  /** Connected before the first test. */
  readonly client: Client;
  /** Another client, connected; closed after the tests. */
  another(options?: ClientOptions): Promise<Client>;
  /** A queue of its own, with so many messages `0`, `1`, `2` … in it. */
  queue(count?: number, options?: QueueDeclareOptions): Promise<string>;
  /** More messages. */
  fill(queue: string, count: number, first?: number): Promise<void>;
  /** Messages ready in the queue. */
  count(queue: string): Promise<number>;
  /** Waits until so many messages are ready there: what is put back goes back in the broker's own time. */
  untilCount(queue: string, count: number): Promise<void>;
  /** Waits until so many consumers are there. */
  untilConsumers(queue: string, count: number): Promise<void>;
}

/** Makes the scene of a file; to be called outside of tests. */
export function scene(options: ClientOptions = {}): Scene {
  const url = inject('amqpUrl');
  const client = new Client(url, options);
  const keeper = new Client(url);
  const others: Client[] = [];
  const queues: string[] = [];
  beforeAll(async () => {
    await Promise.all([client.connect(), keeper.connect()]);
  });
  afterAll(async () => {
    await Promise.all([client, ...others].map((each) => each.close()));
    await Promise.all(queues.map((queue) => keeper.queueDelete({ queue })));
    await keeper.close();
  });
  const looked = (queue: string) => keeper.queueDeclare({ queue, passive: true });
  const made: Scene = {
    client,
    async another(own = {}) {
      const other = new Client(url, own);
      others.push(other);
      await other.connect();
      return other;
    },
    async queue(count = 0, declared = {}) {
      const { queue } = await keeper.queueDeclare({ queue: uniqueName('scene'), durable: true, ...declared });
      queues.push(queue);
      await made.fill(queue, count);
      return queue;
    },
    async fill(queue, count, first = 0) {
      const publishes = Array.from({ length: count }, (_, index) =>
        keeper.basicPublish({ routingKey: queue, body: `${first + index}` }),
      );
      await Promise.all(publishes);
    },
    count: async (queue) => (await looked(queue)).messageCount,
    async untilCount(queue, count) {
      await waitFor(async () => (await looked(queue)).messageCount === count);
    },
    async untilConsumers(queue, count) {
      await waitFor(async () => (await looked(queue)).consumerCount === count);
    },
  };
  return made;
}

/** `0`, `1`, `2` … */
export function numbers(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${first + index}`);
}
