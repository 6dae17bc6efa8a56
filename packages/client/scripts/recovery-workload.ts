/**
 * Publishers and consumers that work on while their connections are lost, and what they count. Must not disturb them: the
 * scripts do.
 */
import { type Broker, waitFor } from '@puka/testkit';
import { Client, type ClientOptions } from '../src/index.ts';

/** Who works, and on what. */
export interface WorkloadOptions {
  readonly urls: readonly string[];
  readonly publishers: number;
  /** Each has a queue of its own. */
  readonly consumers: number;
  readonly client?: ClientOptions;
  /** Arguments of the queues, which are durable. */
  readonly queueArguments?: Readonly<Record<string, string>>;
}

/** What is 0 unless there is a fault, but for `confirmed` and `duplicates`. */
export interface WorkloadCounts {
  readonly confirmed: number;
  /** Confirmed and never received. */
  readonly lost: number;
  /** Publishes without an outcome. */
  readonly open: number;
  readonly rejected: number;
  /** Messages that came more than once. */
  readonly duplicates: number;
  /** Times that a connection was recovered, of all clients. */
  readonly recoveries: number;
  readonly consumersEnded: number;
  /** Clients that gave up. */
  readonly closed: number;
  readonly unobserved: number;
  /** Queues without exactly one subscription of the right prefetch count, as the broker knows them. */
  readonly consumersShort: number;
  readonly messagesLeft: number;
  /** Entities that were not restored at once, by kind and error. */
  readonly notRestored: readonly string[];
  readonly problems: readonly string[];
}

const prefetchCount = 20;
const openEach = 10;
const pauseMs = 20;

/** Publishers and consumers that work on while their connections are lost, and count what they sent and received. */
export class Workload {
  readonly queues: readonly string[];
  private readonly options: WorkloadOptions;
  private readonly confirmed = new Set<string>();
  private readonly received = new Set<string>();
  private readonly counts = {
    open: 0,
    rejected: 0,
    duplicates: 0,
    recoveries: 0,
    consumersEnded: 0,
    closed: 0,
    unobserved: 0,
  };
  private readonly notRestored = new Set<string>();
  private readonly problems: string[] = [];
  private readonly clients: Client[] = [];
  private readonly workers: Promise<void>[] = [];
  private isOn = true;

  constructor(options: WorkloadOptions) {
    this.options = options;
    this.queues = Array.from({ length: options.consumers }, (_, index) => `work.${index}`);
  }

  /** Messages confirmed so far. */
  get confirmedCount(): number {
    return this.confirmed.size;
  }

  /** Declares the queues, and begins. */
  async start(): Promise<void> {
    await Promise.all(this.queues.map((queue) => this.consume(queue)));
    const publishing = await Promise.all(Array.from({ length: this.options.publishers }, () => this.connected()));
    for (const [publisher, client] of publishing.entries()) {
      for (let worker = 0; worker < openEach; worker++)
        this.workers.push(this.publish(client, `${publisher}.${worker}`));
    }
  }

  /** Publishes no more, waits for every outcome and for what is confirmed, counts, and closes the clients. */
  async finish(broker: Broker): Promise<WorkloadCounts> {
    const { clients, counts } = this;
    const noteEnd = (error: unknown): void => this.problem('end', error);
    await waitFor(() => clients.every(({ state }) => state === 'connected')).catch(noteEnd);
    this.isOn = false;
    await waitFor(() => counts.open === 0, { timeoutMs: 60_000 }).catch(noteEnd);
    if (counts.open === 0) await Promise.all(this.workers);
    await waitFor(() => this.lost() === 0, { timeoutMs: 60_000 }).catch(noteEnd);
    let short = this.queues.length;
    // The broker may take a while to see connections that are gone.
    await waitFor(async () => {
      short = await this.consumersShort(broker);
      return short === 0;
    }).catch(noteEnd);
    const messagesLeft = (await broker.listQueues()).reduce((sum, { messages }) => sum + messages, 0);
    await Promise.all(clients.map((client) => client.close()));
    const { notRestored, problems, confirmed } = this;
    const rest = { consumersShort: short, messagesLeft, notRestored: [...notRestored], problems };
    return { confirmed: confirmed.size, lost: this.lost(), ...counts, ...rest };
  }

  private lost(): number {
    let count = 0;
    for (const id of this.confirmed) if (!this.received.has(id)) count++;
    return count;
  }

  private problem(what: string, error: unknown): void {
    if (this.problems.length < 20) this.problems.push(`${what}: ${String(error)}`);
  }

  private async connected(): Promise<Client> {
    const { options, counts, notRestored } = this;
    const client = new Client(options.urls, {
      recover: { minDelay: 100, maxDelay: 2000 },
      heartbeat: 2,
      ...options.client,
    });
    await client.connect();
    client.on('connected', () => {
      counts.recoveries++;
    });
    client.on('closed', (error) => {
      if (!this.isOn) return;
      counts.closed++;
      this.problem('closed', error);
    });
    client.on('unobserved', (error) => {
      counts.unobserved++;
      this.problem('unobserved', error);
    });
    client.on('notRestored', (error, { kind }, isRetrying) => {
      notRestored.add(`${kind} ${error.code}${isRetrying ? ', tried again' : ''}`);
    });
    this.clients.push(client);
    return client;
  }

  private async publish(client: Client, name: string): Promise<void> {
    const { counts, queues } = this;
    for (let number = 0; this.isOn; number++) {
      const body = `${name}.${number}`;
      const routingKey = queues[number % queues.length] ?? '';
      counts.open++;
      try {
        await client.basicPublish({ routingKey, body, deliveryMode: 2, mandatory: true });
        this.confirmed.add(body);
      } catch (error) {
        counts.rejected++;
        this.problem('publish', error);
      }
      counts.open--;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private async consume(queue: string): Promise<void> {
    const { counts, received } = this;
    const client = await this.connected();
    await client.queueDeclare({ queue, durable: true, arguments: this.options.queueArguments });
    const consumer = client.basicConsume({ queue, prefetchCount }, (error, message) => {
      if (error !== undefined || message === undefined) {
        counts.consumersEnded++;
        this.problem('consumer', error);
        return;
      }
      const id = message.text();
      if (received.has(id)) counts.duplicates++;
      received.add(id);
      message.ack();
    });
    await consumer.ready;
  }

  private async consumersShort(broker: Broker): Promise<number> {
    const rows: unknown = JSON.parse(
      await broker.ctl('--quiet', '--formatter', 'json', 'list_consumers', 'queue_name', 'prefetch_count'),
    );
    const found = new Map<string, number>();
    for (const { queue_name: name, prefetch_count: limit } of Array.isArray(rows) ? rows : []) {
      if (limit === prefetchCount) found.set(String(name), (found.get(String(name)) ?? 0) + 1);
    }
    return this.queues.filter((queue) => found.get(queue) !== 1).length;
  }
}

/** Whether all that has to be 0 is 0. */
export function isGood({ lost, open, closed, consumersEnded, consumersShort }: WorkloadCounts): boolean {
  return lost + open + closed + consumersEnded + consumersShort === 0;
}
