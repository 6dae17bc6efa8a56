/** A publisher and a consumer that work on while their connections are lost, and what they count. Holds no test. */
import { Client, type ClientOptions } from '@puka/client';
import { type Broker, uniqueName, waitFor } from '@puka/testkit';

/** What became of the messages. */
export interface LoadCounts {
  readonly confirmed: number;
  /** Confirmed and never received. */
  readonly lost: readonly string[];
  /** Publishes that rejected. */
  readonly rejected: readonly unknown[];
  /** Publishes without an outcome. */
  readonly open: number;
}

/** Options for clients that come back soon. */
export const soon: ClientOptions = { recover: { minDelay: 50, maxDelay: 300 } };

/** How many publishes of a load are open at once. */
const width = 20;
export const prefetchCount = 15;

/** Publishes and consumes during the faults, and counts. The publisher and the consumer are clients of their own. */
export class Load {
  readonly queue: string = uniqueName('load');
  readonly publisher: Client;
  readonly consumer: Client;
  /** Messages that came more than once. */
  duplicates = 0;
  /** Times that a connection was recovered, of both clients. */
  recoveries = 0;
  private isOn = true;
  private open = 0;
  private readonly confirmed = new Set<string>();
  private readonly rejected: unknown[] = [];
  private readonly received = new Set<string>();
  private readonly workers: Promise<void>[] = [];

  constructor(url: string, options: ClientOptions = {}) {
    this.publisher = new Client(url, { ...soon, ...options });
    this.consumer = new Client(url, { ...soon, ...options });
  }

  /** Declares the queue, durable, and begins. */
  async start(): Promise<void> {
    const { publisher, consumer, queue } = this;
    await Promise.all([publisher.connect(), consumer.connect()]);
    for (const client of [publisher, consumer]) {
      client.on('connected', () => {
        this.recoveries++;
      });
    }
    await consumer.queueDeclare({ queue, durable: true });
    const subscribed = consumer.basicConsume({ queue, prefetchCount }, (error, message) => {
      if (error !== undefined || message === undefined) {
        this.rejected.push(error);
        return;
      }
      const id = message.text();
      if (this.received.has(id)) this.duplicates++;
      this.received.add(id);
      message.ack();
    });
    await subscribed.ready;
    for (let worker = 0; worker < width; worker++) this.workers.push(this.publishOn(worker));
  }

  /** Waits until so many more publishes are confirmed. */
  async confirmedMore(count: number): Promise<void> {
    const wanted = this.confirmed.size + count;
    await waitFor(() => this.confirmed.size >= wanted || this.rejected.length > 0);
  }

  /** Waits until connections were recovered so many times. */
  async recovered(count: number): Promise<void> {
    await waitFor(() => this.recoveries >= count);
  }

  /** Publishes no more, waits for every outcome and for what is confirmed, and counts. */
  async finish(): Promise<LoadCounts> {
    this.isOn = false;
    await waitFor(() => this.open === 0).catch(() => {});
    if (this.open === 0) await Promise.all(this.workers);
    await waitFor(() => this.lost().length === 0).catch(() => {});
    return { confirmed: this.confirmed.size, lost: this.lost(), rejected: this.rejected, open: this.open };
  }

  /** Deletes the queue and closes the clients. */
  async end(): Promise<void> {
    this.isOn = false;
    await this.publisher.queueDelete({ queue: this.queue });
    await Promise.all([this.publisher.close(), this.consumer.close()]);
  }

  private lost(): string[] {
    return [...this.confirmed].filter((id) => !this.received.has(id));
  }

  private async publishOn(worker: number): Promise<void> {
    for (let number = 0; this.isOn; number++) {
      const body = `${worker}.${number}`;
      this.open++;
      try {
        await this.publisher.basicPublish({ routingKey: this.queue, body, deliveryMode: 2, mandatory: true });
        this.confirmed.add(body);
      } catch (error) {
        this.rejected.push(error);
        return;
      } finally {
        this.open--;
      }
    }
  }
}

/** The subscriptions of a queue as the broker knows them: `tag:prefetch` of each. */
export async function subscriptionsOf(broker: Broker, queue: string, vhost = '/'): Promise<string[]> {
  const text = await broker.evaluate(
    `lists:flatten(lists:join(" ", [binary_to_list(proplists:get_value(consumer_tag, C)) ++ ":" ++
      integer_to_list(proplists:get_value(prefetch_count, C)) || C <- rabbit_amqqueue:consumers_all(<<"${vhost}">>),
      element(4, proplists:get_value(queue_name, C)) =:= <<"${queue}">>]))`,
  );
  const list = text.replaceAll('"', '');
  return list === '' || list === '[]' ? [] : list.split(' ');
}

/** Waits until a queue has the one subscription, with its prefetch count; the broker may take a while to see a lost one. */
export async function untilOneSubscription(broker: Broker, queue: string, prefetch = prefetchCount): Promise<void> {
  let seen: readonly string[] = [];
  await waitFor(async () => {
    seen = await subscriptionsOf(broker, queue);
    return seen.length === 1 && seen[0]?.endsWith(`:${prefetch}`);
  }).catch(() => {
    throw new Error(`the subscriptions of ${queue} are [${seen.join(', ')}], not one with prefetch ${prefetch}`);
  });
}
