/**
 * A virtual host: its exchanges, queues and bindings, and what happens when one of them goes. Must not check permissions
 * or equivalence: `declare-queue.ts` and its neighbours do. RabbitMQ: docs/vhosts, docs/exchanges, docs/queues.
 */

import { Arguments } from './arguments.ts';
import { sendDeadLetter } from './dead-letters.ts';
import type { Deadlines } from './deadlines.ts';
import type { Binding } from './exchanges/binding.ts';
import type { ExchangeType } from './exchanges/binding-table.ts';
import { Exchange, type ExchangeSettings } from './exchanges/exchange.ts';
import { route } from './exchanges/route.ts';
import type { Message } from './message.ts';
import { ClassicQueue } from './queues/classic-queue.ts';
import type { ConsumerView, DeathReason, Queue, QueueHost, QueueOwner, QueueSettings } from './queues/queue.ts';
import { QuorumQueue } from './queues/quorum-queue.ts';
import { StreamQueue } from './queues/stream-queue.ts';
import type { StoppedQueue, StopReason } from './stopped-queues.ts';

/** What a vhost shares with the others of the broker. */
export interface VirtualHostShared {
  readonly nowMs: number;
  readonly deadlines: Deadlines<Queue>;
  /** Runs a task after what is under way. */
  later(task: () => void): void;
  /** A message has been put into a queue, or refused by it. */
  queued(vhost: VirtualHost, queue: Queue, message: Message, outcome: 'taken' | 'rejected'): void;
}

/** What became of a message that was handed to queues. */
export interface PublishOutcome {
  /** How many queues it was routed to. */
  readonly routed: number;
  /** A queue had no room for it: its publisher gets a nack. */
  readonly isRejected: boolean;
}

/** The exchanges that every vhost has. RabbitMQ: `amq.rabbitmq.trace` besides those of the standard. */
const predeclared: readonly (readonly [name: string, type: ExchangeType, internal?: boolean])[] = [
  ['', 'direct'],
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
  ['amq.rabbitmq.trace', 'topic', true],
];

/** A virtual host: its exchanges, queues and bindings, and what happens when one of them goes. */
export class VirtualHost implements QueueHost {
  readonly name: string;
  readonly exchanges: Map<string, Exchange> = new Map();
  readonly queues: Map<string, Queue> = new Map();
  /** Queues that are down. */
  readonly stoppedQueues: Map<string, StoppedQueue> = new Map();
  private readonly shared: VirtualHostShared;

  constructor(name: string, shared: VirtualHostShared) {
    this.name = name;
    this.shared = shared;
    for (const [exchange, type, internal = false] of predeclared) {
      const settings = { name: exchange, type, internal, durable: true, autoDelete: false, arguments: Arguments.none };
      this.exchanges.set(exchange, new Exchange(name, settings));
    }
  }

  get nowMs(): number {
    return this.shared.nowMs;
  }

  later(task: () => void): void {
    this.shared.later(task);
  }

  /** The queues that a message goes to; names, because one may be gone until it gets there. */
  route(exchange: Exchange, message: Message): readonly string[] {
    return route(exchange, message, (name) => this.exchanges.get(name));
  }

  /** Hands a message to queues, one after the other. @param publisher the channel it comes from. */
  deliver(names: readonly string[], message: Message, publisher?: object): PublishOutcome {
    let routed = 0;
    let isRejected = false;
    for (const name of names) {
      const queue = this.queues.get(name);
      if (queue === undefined) continue;
      routed++;
      const outcome = queue.publish(message, publisher);
      isRejected ||= outcome === 'rejected';
      this.shared.queued(this, queue, message, outcome);
    }
    return { routed, isRejected };
  }

  addExchange(settings: ExchangeSettings): Exchange {
    const exchange = new Exchange(this.name, settings);
    this.exchanges.set(settings.name, exchange);
    return exchange;
  }

  addQueue(settings: QueueSettings): Queue {
    const queue = newQueue(this.name, settings, this);
    this.queues.set(settings.name, queue);
    return queue;
  }

  /** Takes an exchange away, with the bindings from and to it. */
  removeExchange(exchange: Exchange): void {
    if (this.exchanges.get(exchange.name) !== exchange) return;
    this.exchanges.delete(exchange.name);
    this.removeBindingsTo('exchange', exchange.name);
  }

  /** Removes a queue with its bindings and its consumers. The consumers are notified afterwards. */
  removeQueue(queue: Queue): void {
    if (this.queues.get(queue.name) !== queue) return;
    this.queues.delete(queue.name);
    const consumers = queue.close();
    this.removeBindingsTo('queue', queue.name);
    this.tellCancelled(consumers);
  }

  /** Removes a queue without notifying its consumers. RabbitMQ has done so because of a bug: rabbitmq-server#15276. */
  removeQueueUntold(queue: Queue): void {
    this.queues.delete(queue.name);
    queue.close();
    this.removeBindingsTo('queue', queue.name);
  }

  /**
   * Lets a queue be down until `startQueue()`: its consumers are cancelled, its messages stay. RabbitMQ: a queue that is not
   * durable is gone when its node is.
   */
  stopQueue(queue: Queue, reason: StopReason): void {
    const { durable, autoDelete } = queue.settings;
    if (autoDelete || (reason === 'node' && !durable)) {
      this.removeQueue(queue);
      return;
    }
    this.queues.delete(queue.name);
    this.stoppedQueues.set(queue.name, { queue, reason });
    this.tellCancelled(queue.stop());
  }

  /** A queue that was down is there again. RabbitMQ: what was transient in it is lost with the node. */
  startQueue(name: string): void {
    const stopped = this.stoppedQueues.get(name);
    if (stopped === undefined) return;
    this.stoppedQueues.delete(name);
    this.queues.set(name, stopped.queue);
    if (stopped.reason !== 'timeout') stopped.queue.restart();
    stopped.queue.start();
  }

  /** Takes a queue away that is down. */
  removeStoppedQueue(name: string): void {
    const stopped = this.stoppedQueues.get(name);
    if (stopped === undefined) return;
    this.stoppedQueues.delete(name);
    stopped.queue.close();
    this.removeBindingsTo('queue', name);
  }

  /** Takes a binding away; an auto-delete exchange goes with the last one that starts at it. */
  removeBinding(binding: Binding): void {
    const source = this.exchanges.get(binding.source);
    if (source?.bindings.remove(binding) !== undefined) this.removeIfUnbound(source);
  }

  /** Takes the exclusive queues of a connection away. */
  removeQueuesOf(owner: QueueOwner): void {
    for (const queue of [...this.queues.values()]) if (queue.settings.owner === owner) this.removeQueue(queue);
    for (const { queue } of [...this.stoppedQueues.values()]) {
      if (queue.settings.owner === owner) this.removeStoppedQueue(queue.name);
    }
  }

  /** Ends the consumers of a queue and notifies them; what they have not acked stays unacked. */
  cancelConsumers(queue: Queue): void {
    for (const { channel, consumerTag } of queue.consumers) {
      queue.cancel(channel, consumerTag, () => channel.consumerCancelled(consumerTag));
    }
  }

  /** What a restart leaves: durable exchanges and queues, persistent messages, and the bindings between what is left. */
  restart(): void {
    for (const name of [...this.stoppedQueues.keys()]) this.startQueue(name);
    for (const queue of [...this.queues.values()]) {
      if (queue.settings.durable) queue.restart();
      else this.removeQueue(queue);
    }
    for (const exchange of [...this.exchanges.values()]) {
      if (!exchange.settings.durable) this.removeExchange(exchange);
    }
  }

  /** For queues. */
  deadLetter(queue: Queue, message: Message, reason: DeathReason): void {
    sendDeadLetter(this, queue, message, reason);
  }

  /** For queues. */
  deadlineChanged(queue: Queue): void {
    this.shared.deadlines.changed(queue);
  }

  private tellCancelled(consumers: readonly ConsumerView[]): void {
    if (consumers.length === 0) return;
    // RabbitMQ: a channel notifies its consumers in the order of their tags.
    const ordered = consumers.toSorted((a, b) => (a.consumerTag < b.consumerTag ? -1 : 1));
    this.later(() => {
      for (const { channel, consumerTag } of ordered) channel.consumerCancelled(consumerTag);
    });
  }

  private removeBindingsTo(kind: Binding['destinationKind'], name: string): void {
    const isMeant = (binding: Binding): boolean => binding.destinationKind === kind && binding.destination === name;
    for (const exchange of [...this.exchanges.values()]) {
      const own = [...exchange.bindings.all].filter(isMeant);
      for (const binding of own) exchange.bindings.remove(binding);
      if (own.length > 0) this.removeIfUnbound(exchange);
    }
  }

  private removeIfUnbound(exchange: Exchange): void {
    if (exchange.settings.autoDelete && exchange.bindings.size === 0) this.removeExchange(exchange);
  }
}

function newQueue(vhost: string, settings: QueueSettings, host: QueueHost): Queue {
  switch (settings.type) {
    case 'classic':
      return new ClassicQueue(vhost, settings, host);
    case 'quorum':
      return new QuorumQueue(vhost, settings, host);
    case 'stream':
      return new StreamQueue(vhost, settings, host);
    default: {
      const never: never = settings.type;
      return never;
    }
  }
}
