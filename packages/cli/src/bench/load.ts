/** Makes load: producers that publish at a rate, consumers that take it, each on a connection of its own. Must not print. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, isPukaError } from '@puka/client';
import { Latencies } from './latencies.ts';

/** What load is made. */
export interface LoadPlan {
  readonly url: string;
  readonly queue: string;
  readonly producers: number;
  readonly consumers: number;
  /** Messages a second over all producers; `undefined` for as many as can be confirmed. */
  readonly rate: number | undefined;
  /** Most unconfirmed of each producer. */
  readonly window: number;
  /** Of a body, in bytes; 8 at least. */
  readonly size: number;
  readonly prefetch: number;
  readonly seconds: number;
  readonly transient: boolean;
  readonly signal: AbortSignal;
}

/** @returns when the message was sent; `undefined` for a message of another publisher, which an existing queue may hold. */
function timeIn({ buffer, byteOffset, byteLength }: Uint8Array): number | undefined {
  if (byteLength < 8) return undefined;
  const sentAt = new DataView(buffer, byteOffset, byteLength).getFloat64(0);
  // Times start at 0 with this process. The bytes of a small integer, read as a float, are less than 1.
  return sentAt >= 1 && sentAt <= performance.now() ? sentAt : undefined;
}

/** How long what is left in the queue is waited for, in milliseconds without a message. */
const drainIdleMs = 2000;

export class Load {
  readonly #plan: LoadPlan;
  readonly #clients: Client[] = [];
  /** Set when a connection was lost, which ends the measurement. */
  #loss: { readonly error: unknown } | undefined;
  /** From publish to confirm, in milliseconds. */
  readonly confirmLatencies: Latencies = new Latencies();
  /** From publish to the consumer, in milliseconds. */
  readonly deliveryLatencies: Latencies = new Latencies();
  confirmed = 0;
  failed = 0;
  received = 0;
  /** From the first publish to the last confirm. */
  publishingMs = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
  }

  /** Runs until the time is over or the signal is aborted, then waits for the outcome of all publishes. Rejects if a connection is lost. */
  async run(): Promise<void> {
    const { producers, consumers } = this.#plan;
    try {
      const consuming = await Promise.all(Array.from({ length: consumers }, () => this.#startConsumer()));
      const clients = await Promise.all(Array.from({ length: producers }, () => this.#connect('producer')));
      const began = performance.now();
      await Promise.all(clients.map((client) => this.#produce(client, began)));
      this.publishingMs = performance.now() - began;
      if (consumers > 0) await this.#waitForDeliveries();
      for (const stop of consuming) stop();
    } finally {
      await Promise.all(this.#clients.map((client) => client.close()));
    }
  }

  async #connect(role: string): Promise<Client> {
    const { url, window } = this.#plan;
    const limits = { maxOpenPublishes: window };
    const client = new Client(url, { connectionName: `puka bench ${role}`, recover: false, ...limits });
    this.#clients.push(client);
    client.on('unobserved', () => undefined);
    client.on('disconnected', (error) => {
      if (error !== undefined) this.#loss ??= { error };
    });
    await client.connect();
    return client;
  }

  async #startConsumer(): Promise<() => void> {
    const { queue, prefetch } = this.#plan;
    const client = await this.#connect('consumer');
    const consumer = client.basicConsume({ queue, prefetchCount: prefetch }, (_error, message) => {
      if (message === undefined) return;
      this.received++;
      const sentAt = timeIn(message.body);
      if (sentAt !== undefined) this.deliveryLatencies.add(performance.now() - sentAt);
      message.ack();
    });
    await consumer.ready;
    return () => void consumer.cancel().catch(() => undefined);
  }

  async #produce(client: Client, began: number): Promise<void> {
    const { seconds, rate, producers, window, signal } = this.#plan;
    const open = new Set<Promise<void>>();
    let sent = 0;
    for (;;) {
      this.#throwLoss();
      const elapsed = performance.now() - began;
      if (elapsed >= seconds * 1000 || signal.aborted) break;
      const due = rate === undefined ? Number.POSITIVE_INFINITY : Math.floor((elapsed / 1000) * (rate / producers)) + 1;
      if (open.size >= window || client.needsDrain) await Promise.race(open);
      else if (sent >= due) await sleep(1);
      else {
        sent++;
        const running = this.#publish(client).finally(() => open.delete(running));
        open.add(running);
      }
    }
    await Promise.all(open);
    this.#throwLoss();
  }

  #throwLoss(): void {
    if (this.#loss !== undefined) throw this.#loss.error;
  }

  async #publish(client: Client): Promise<void> {
    const { queue, size, transient } = this.#plan;
    const body = new Uint8Array(size);
    const sentAt = performance.now();
    new DataView(body.buffer).setFloat64(0, sentAt);
    try {
      await client.basicPublish({ routingKey: queue, deliveryMode: transient ? 1 : 2, body });
    } catch (error) {
      // A refused message is counted. The loss of a connection is reported by an event of the client.
      if (!isPukaError(error)) this.#loss ??= { error };
      else if (this.#loss === undefined) this.failed++;
      return;
    }
    this.confirmed++;
    this.confirmLatencies.add(performance.now() - sentAt);
  }

  async #waitForDeliveries(): Promise<void> {
    let last = -1;
    while (this.received < this.confirmed && this.received !== last) {
      this.#throwLoss();
      last = this.received;
      const until = performance.now() + drainIdleMs;
      while (this.received === last && performance.now() < until) await sleep(5);
    }
  }
}
