/**
 * Brings a queue to other arguments, which RabbitMQ cannot change: its messages move to a queue that has them. Every step may be
 * done again, and what exists shows which step is next, so a migration that was cut off continues where it was.
 */
import type { Client, OperationOptions, QueueDeclared } from '@puka/client';
import { PreconditionFailed, UsageError } from '@puka/errors';
import { bind, declareQueue, unbind } from './apply.ts';
import { read } from './check.ts';
import type { Binding, Queue, TopologyData } from './definition.ts';
import { drain } from './drain.ts';
import { readInequivalence } from './inequivalence.ts';
import { lookAt } from './look.ts';
import { Management, type ManagementOptions } from './management.ts';
import { checkInteger, checkName, checkNames } from './ranges.ts';

/** How far a migration has come. */
export interface MigrationProgress {
  /** What is done just now. */
  readonly step: 'declare' | 'bind' | 'unbind' | 'drain' | 'delete';
  /** The queue that messages leave. */
  readonly from: string;
  /** The queue that they come to. */
  readonly to: string;
  /** Messages moved between these two so far, by this call. */
  readonly moved: number;
  /** Messages that are left there, as far as that is known. */
  readonly left: number;
}

/** Options of `migrate`. `timeout` and `signal` hold for each operation. */
export interface MigrateOptions extends OperationOptions {
  /** The name it had. Default: its own; then its messages wait in the queue `<name>.migration` meanwhile. */
  readonly from?: string | undefined;
  /** The management API: with it every binding of the old queue is taken away, not only those of the topology. */
  readonly management?: string | ManagementOptions | undefined;
  /**
   * `false`: the old queue is deleted though it has consumers. Messages that they hold then are lost if they fail to process them.
   * Default `true`: rejects with `PreconditionFailed`; when they are stopped, `migrate` goes on.
   */
  readonly ifUnused?: boolean | undefined;
  /** Most messages on their way, 1 to 65535. Default 200. */
  readonly window?: number | undefined;
  /** Called at each step, and while messages move. */
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

/** What a migration did. */
export interface Migrated {
  /** Messages moved by this call; by way of a third queue each counts twice. */
  readonly moved: number;
  /** Messages that came to an old queue between the last look and its end, and went with it. */
  readonly dropped: number;
}

/** What `migrateQueue` is to do. */
export interface MigrationPlan {
  readonly queue: Queue;
  /** Those of the queue. */
  readonly bindings: readonly Binding[];
  /** The queues and exchanges that the migration must not use as its own. */
  readonly topology: Pick<TopologyData, 'exchanges' | 'queues'>;
}

const optionNames = ['from', 'management', 'ifUnused', 'window', 'onProgress', 'signal', 'timeout'] as const;

const defaultWindow = 200;
/** Progress is reported every so many messages. */
const reportEvery = 100;
/** RabbitMQ: the count of a quorum queue's consumers follows somewhat later. */
const countTries = 20;
const countPauseMs = 100;
/** How long a stream that has messages may take to send one. */
const firstMessageMs = 2000;

declare function setTimeout(callback: () => void, ms: number): unknown;

/** @throws (rejects) what made it stop; called again it goes on from there. */
export async function migrateQueue(client: Client, plan: MigrationPlan, options: MigrateOptions): Promise<Migrated> {
  const { queue } = plan;
  checkNames<keyof MigrateOptions>('migrate', options, optionNames);
  const { from = queue.name, window = defaultWindow } = options;
  checkName('from', from);
  checkInteger('window', window, 1, 65_535);
  if (queue.exclusive || queue.external) {
    throw new UsageError(`queue '${queue.name}' is ${queue.exclusive ? 'exclusive' : 'external'}; it is not migrated`);
  }
  const migration = new Migration(client, plan.bindings, { ...options, window });
  checkFree(plan.topology, from === queue.name ? [queue.name, holdingName(queue.name)] : [queue.name]);
  if (from !== queue.name) {
    await migration.move(from, queue);
    return migration.result;
  }
  const holding = holdingQueue(queue);
  checkName('name of the queue that holds the messages meanwhile', holding.name);
  if (!(await migration.fits(queue))) await migration.move(queue.name, holding, queue.name);
  await migration.move(holding.name, queue);
  // It is left if the first move was cut off at its very end.
  await migration.deleteDrain(holding.name);
  return migration.result;
}

/** @throws {UsageError} if the topology has a queue or an exchange that a migration would use, and delete at its end. */
function checkFree({ exchanges, queues }: MigrationPlan['topology'], targets: readonly string[]): void {
  const [name, holding] = targets;
  const queue = queues.find((each) => each.name === holding);
  const exchange = exchanges.find((each) => targets.some((target) => each.name === drainExchange(target)));
  if (queue === undefined && exchange === undefined) return;
  const taken = queue === undefined ? `exchange '${exchange?.name}'` : `queue '${queue.name}'`;
  throw new UsageError(
    `${taken} is in the topology; the migration of queue '${name}' would use it, and delete it at the end`,
  );
}

function holdingName(name: string): string {
  return `${name}.migration`;
}

/** Holds messages for a while: it loses none of them, and dead letters of those that expire go their way. */
function holdingQueue({ name, arguments: table }: Queue): Queue {
  const type = table.get('x-queue-type') === 'quorum' ? 'quorum' : 'classic';
  const kept = [...table].filter(([key]) => key === 'x-dead-letter-exchange' || key === 'x-dead-letter-routing-key');
  return {
    name: holdingName(name),
    durable: true,
    exclusive: false,
    autoDelete: false,
    arguments: new Map<string, unknown>([['x-queue-type', type], ...kept]),
    external: false,
  };
}

class Migration {
  private moved = 0;
  private dropped = 0;
  private readonly client: Client;
  private readonly bindings: readonly Binding[];
  private readonly options: MigrateOptions & { readonly window: number };
  private readonly each: OperationOptions;
  private readonly api: Management | undefined;
  private readonly ifUnused: boolean;

  constructor(client: Client, bindings: readonly Binding[], options: MigrateOptions & { readonly window: number }) {
    this.client = client;
    this.bindings = bindings;
    this.options = options;
    this.ifUnused = options.ifUnused ?? true;
    this.each = { signal: options.signal, timeout: options.timeout };
    this.api = options.management === undefined ? undefined : new Management(options.management);
  }

  get result(): Migrated {
    return { moved: this.moved, dropped: this.dropped };
  }

  /** Whether the queue is there as it should be; one that is not there is made: a migration was cut off before that. */
  async fits(queue: Queue): Promise<boolean> {
    try {
      await declareQueue(this.client, queue, this.each);
      return true;
    } catch (error) {
      const words = error instanceof PreconditionFailed ? (error.replyText ?? error.message) : '';
      if (readInequivalence(words) === undefined) throw error;
      return false;
    }
  }

  /**
   * Moves routes and messages from one queue to another, then deletes the first. Steps that are already done are skipped.
   *
   * @param next the queue to which the messages are moved after that.
   */
  async move(from: string, to: Queue, next?: string): Promise<void> {
    const { client, each } = this;
    const report = (step: MigrationProgress['step'], moved = 0, left = 0): void =>
      this.options.onProgress?.({ step, from, to: to.name, moved, left });
    const isThere = (await lookAt(client, from, each)) !== undefined;
    // Before any change, so that a refused migration changes nothing.
    if (isThere) {
      await this.checkUnused(from);
      await this.checkDrainable(from);
    }
    report('declare');
    await declareQueue(client, to, each);
    // Before the routes: if the user may not declare one of them, no route is changed.
    if (isThere) await this.declareDrains(to.name, next);
    report('bind');
    const routes = this.bindings.map((binding) => ({ ...binding, destination: to.name }));
    await Promise.all(routes.map((binding) => bind(client, binding, each)));
    if (isThere) {
      report('unbind');
      // Immediately after the bind: messages published in between go to both.
      const old = await this.bindingsOf(from);
      await Promise.all(old.map((binding) => unbind(client, binding, each)));
      await this.empty(from, to.name, report);
    }
    await this.deleteDrain(to.name);
  }

  async deleteDrain(to: string): Promise<void> {
    await this.client.exchangeDelete({ exchange: drainExchange(to), ...this.each });
  }

  private async declareDrains(to: string, next: string | undefined): Promise<void> {
    const { client, each } = this;
    for (const queue of next === undefined ? [to] : [to, next]) {
      await client.exchangeDeclare({ exchange: drainExchange(queue), type: 'fanout', durable: true, ...each });
    }
    await client.queueBind({ queue: to, exchange: drainExchange(to), ...each });
  }

  private async empty(
    from: string,
    to: string,
    report: (step: MigrationProgress['step'], moved?: number, left?: number) => void,
  ): Promise<void> {
    const { client, each } = this;
    const exchange = drainExchange(to);
    report('drain', 0, (await lookAt(client, from, each))?.messageCount);
    let movedSoFar = 0;
    this.moved += await drain(
      client,
      {
        ...{ queue: from, exchange, window: this.options.window },
        onMoved: (moved, left) => {
          movedSoFar = moved;
          if (moved % reportEvery === 0) report('drain', moved, left);
        },
        deleteQueue: (found) => {
          report('delete', movedSoFar);
          return this.deleteEmpty(from, found);
        },
      },
      each,
    );
  }

  /** @returns `false` where messages have come meanwhile. */
  private async deleteEmpty(queue: string, found: QueueDeclared): Promise<boolean> {
    const { client, each } = this;
    // One of them is ours.
    if (this.ifUnused && found.consumerCount > 1) throw inUse(queue, found.consumerCount - 1);
    // RabbitMQ closes the connection (540) when a quorum queue is deleted under a condition.
    const ifEmpty = await this.isClassic(queue);
    try {
      this.dropped += (await client.queueDelete({ queue, ...each, ...(ifEmpty ? { ifEmpty } : {}) })).messageCount;
      return true;
    } catch (error) {
      if (ifEmpty && error instanceof PreconditionFailed) return false;
      throw error;
    }
  }

  /** @throws {PreconditionFailed} if it has consumers. */
  private async checkUnused(queue: string): Promise<void> {
    if (!this.ifUnused) return;
    for (let tries = countTries; ; tries--) {
      const { consumerCount } = (await lookAt(this.client, queue, this.each)) ?? { consumerCount: 0 };
      if (consumerCount === 0) return;
      if (tries === 0) throw inUse(queue, consumerCount);
      await new Promise<void>((resolve) => setTimeout(resolve, countPauseMs));
    }
  }

  /** Whether it is known to be a classic queue. */
  private async isClassic(queue: string): Promise<boolean> {
    if (this.api === undefined) return false;
    const found = (await this.api.queues(this.each)).find(({ name }) => name === queue);
    return found !== undefined && (found.arguments['x-queue-type'] ?? 'classic') === 'classic';
  }

  private async bindingsOf(queue: string): Promise<readonly Binding[]> {
    const known = this.bindings.map((binding) => ({ ...binding, destination: queue }));
    if (this.api === undefined) return known;
    const found = await this.api.bindings(this.each);
    return found
      .filter((each) => each.destination_type === 'queue' && each.destination === queue && each.source !== '')
      .map(read);
  }

  /** RabbitMQ: only a stream takes the argument. @throws {UsageError} for one: an ack does not take a message from it. */
  private async checkDrainable(queue: string): Promise<void> {
    const { client, each } = this;
    const first = { 'x-stream-offset': 'first' };
    const consumer = client.basicConsume({ queue, prefetchCount: 1, arguments: first, ...each });
    try {
      await consumer.ready;
    } catch (error) {
      if (error instanceof PreconditionFailed) return;
      throw error;
    }
    // Taken before the cancel: RabbitMQ closes the connection (540) when a message of a stream is to go back.
    const message = await client.wait(consumer, { timeout: firstMessageMs });
    await consumer.cancel();
    message?.ack();
    throw new UsageError(
      `queue '${queue}' is a stream; messages cannot be taken out of a stream, so it is not migrated`,
    );
  }
}

function inUse(queue: string, count: number): PreconditionFailed {
  return new PreconditionFailed(
    `queue '${queue}' has ${count} consumers; stop them and migrate again, or set ifUnused: false`,
  );
}

function drainExchange(to: string): string {
  return `${to}.drain`;
}
