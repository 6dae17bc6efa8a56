/**
 * Moves every message of a queue to an exchange, then lets the queue be deleted: a message is acked when its copy has been
 * confirmed, so that a crash can double it and never lose it. Must not declare or delete anything itself.
 */
import {
  type Client,
  type Consumer,
  type Message,
  type OperationOptions,
  type QueueDeclared,
  Tagged,
} from '@puka/client';
import { ConsumerCancelled, PreconditionFailed } from '@puka/errors';
import { lookAt } from './look.ts';

/** What to move. */
export interface DrainPlan {
  readonly queue: string;
  /** A fanout exchange: it takes messages whatever their routing key, CC and BCC, which they keep. */
  readonly exchange: string;
  /** Most messages on their way. */
  readonly window: number;
  /** Called with the count of messages moved so far, and those that are left, as far as that is known. */
  readonly onMoved: (moved: number, left: number) => void;
  /** Called when nothing is left: deletes the queue, which is still consumed. @returns `false` if it is not empty. */
  readonly deleteQueue: (found: QueueDeclared) => Promise<boolean>;
}

/** How long no message may come until the queue is asked whether it is empty, in milliseconds. */
const idleMs = 50;
/** After the delete: how long the broker may take to end the consumer, in milliseconds. */
const endMs = 10_000;
const userHeader = 'puka-user-id';
/** A quorum queue adds these headers at each delivery. A classic queue would keep copied ones forever. */
const deliveryCounts: ReadonlySet<unknown> = new Set(['x-delivery-count', 'x-acquired-count']);

/** @returns how many were moved. Rejects with the first failure; what had no confirm goes back to its queue. */
export async function drain(client: Client, plan: DrainPlan, options: OperationOptions): Promise<number> {
  const found = await lookAt(client, plan.queue, options);
  if (found === undefined) return 0;
  const consumer = client.basicConsume({ queue: plan.queue, prefetchCount: plan.window, ...options });
  await consumer.ready;
  const moves = new Moves(client, plan, options, found.messageCount);
  try {
    await drainAndDelete(client, consumer, plan, options, moves);
    // What was on its way to us when the queue went is in our hands alone.
    for (;;) {
      const message = await nextUntilEnd(client, consumer);
      if (message === undefined) break;
      moves.start(message);
    }
    await moves.finish();
    return moves.moved;
  } finally {
    await moves.settled();
    await consumer.cancel().catch(() => {}); // Lost with its connection: the error of what failed reports that.
  }
}

async function drainAndDelete(
  client: Client,
  consumer: Consumer,
  { queue, deleteQueue }: DrainPlan,
  options: OperationOptions,
  moves: Moves,
): Promise<void> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  // The answer of a passive declare may overtake deliveries: that the queue is empty is believed when none came after it.
  let found: QueueDeclared | undefined;
  for (;;) {
    moves.throwFailure();
    const message = await client.wait(consumer, { timeout: idleMs, ...signal });
    if (message !== undefined) {
      found = undefined;
      moves.start(message);
    } else if (moves.openCount > 0) await moves.oneSettled();
    else if (found?.messageCount === 0 && (await deleteQueue(found))) return;
    else {
      found = await client.queueDeclare({ queue, passive: true, ...options });
      moves.left = found.messageCount;
    }
  }
}

/** @returns `undefined` when the broker has ended the consumer, or takes too long for it. */
async function nextUntilEnd(client: Client, consumer: Consumer): Promise<Message | undefined> {
  try {
    return await client.wait(consumer, { timeout: endMs });
  } catch (error) {
    if (error instanceof ConsumerCancelled) return undefined;
    throw error;
  }
}

/** The copies under way. */
class Moves {
  moved = 0;
  /** Messages left in the queue, as far as that is known. */
  left: number;
  private failure: { readonly error: unknown } | undefined;
  private readonly open = new Set<Promise<void>>();
  private readonly client: Client;
  private readonly plan: DrainPlan;
  private readonly options: OperationOptions;

  constructor(client: Client, plan: DrainPlan, options: OperationOptions, left: number) {
    this.client = client;
    this.plan = plan;
    this.options = options;
    this.left = left;
  }

  get openCount(): number {
    return this.open.size;
  }

  start(message: Message): void {
    const moving = this.move(message).finally(() => this.open.delete(moving));
    this.open.add(moving);
  }

  oneSettled(): Promise<void> {
    return Promise.race(this.open);
  }

  async settled(): Promise<void> {
    await Promise.all(this.open);
  }

  /** Waits for all. @throws the first failure. */
  async finish(): Promise<void> {
    await this.settled();
    this.throwFailure();
  }

  throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** Never rejects. */
  private async move(message: Message): Promise<void> {
    try {
      await copy(this.client, message, this.plan.exchange, this.options);
      message.ack();
      this.moved++;
      this.left = Math.max(0, this.left - 1);
      this.plan.onMoved(this.moved, this.left);
    } catch (error) {
      this.failure ??= { error };
      if (!message.isSettled) message.nack();
    }
  }
}

async function copy(client: Client, message: Message, exchange: string, options: OperationOptions): Promise<void> {
  const { properties, body, routingKey, taggedHeaders } = message;
  // Said, for the client's own default is another.
  const deliveryMode = properties.deliveryMode ?? 1;
  // Copied with their types. Otherwise an `int8` of 5 would become an `int32`.
  const sent = Array.isArray(taggedHeaders?.value) ? taggedHeaders.value : [];
  const fields: readonly unknown[] = sent.filter((field: unknown) => !deliveryCounts.has(Object(field).name));
  const headers = fields.length === 0 ? undefined : new Tagged('F', fields);
  const parts = { ...properties, headers, deliveryMode, exchange, routingKey, mandatory: true, body, ...options };
  try {
    await client.basicPublish(parts);
  } catch (error) {
    // RabbitMQ: a userId is the publisher's own, or the publish is refused. This one was another user's.
    if (properties.userId === undefined || !(error instanceof PreconditionFailed)) throw error;
    const user = { name: userHeader, value: new Tagged('S', properties.userId) };
    await client.basicPublish({ ...parts, userId: undefined, headers: new Tagged('F', [...fields, user]) });
  }
}
