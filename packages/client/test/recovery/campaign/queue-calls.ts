/** Calls at queues: declares, deletes, bindings, gets and publishes. Must not judge the end. */
import type { OperationOptions } from '../../../src/operations/operation-options.ts';
import type { QueueDeclareOptions } from '../../../src/topology/options.ts';
import type { Actor } from './actor.ts';
import type { Promises } from './promises.ts';
import { type Queue, queueOf } from './queue-names.ts';
import { type CallStep, expiresMs, type PublishStep, type QueueChoice, type serverQueueKinds } from './steps.ts';
import type { World } from './world.ts';

/** A limit that no queue reaches: each queue that the broker names has one of its own, by which it is known. */
const firstMark = 1_000_000;

/** A step at a queue that is there, or was. */
export type QueueStep = Extract<CallStep, QueueChoice & { do: 'delete' | 'purge' | 'get' | 'bind' | 'unbind' }>;

/** The calls about queues. */
export class QueueCalls {
  private readonly world: World;
  private readonly promises: Promises;

  constructor(world: World, promises: Promises) {
    this.world = world;
    this.promises = promises;
  }

  call(step: QueueStep, actor: Actor, { key, name }: Queue, bound: OperationOptions): void {
    const { client, model } = actor;
    switch (step.do) {
      case 'delete': {
        this.world.unsafeQueues.add(key);
        this.world.deletedKeys.add(key);
        actor.usedAtMs.delete(key);
        this.promises.change(step, actor, client.queueDelete({ queue: name, ...bound }), [key], () => {
          model.deleteQueue(key);
          actor.usedAtMs.delete(key);
          actor.serverNamed = actor.serverNamed.filter((named) => named.key !== key);
        });
        break;
      }
      case 'purge':
        this.promises.start(step, actor, client.queuePurge({ queue: name, ...bound })).key = key;
        break;
      case 'get': {
        const operation = client.basicGet({ queue: name, ...bound });
        this.promises.start(step, actor, operation).key = key;
        operation.then(
          (message) => {
            this.promises.used(actor, key);
            message?.ack();
          },
          () => {},
        );
        break;
      }
      case 'bind':
      case 'unbind': {
        const route = { queue: name, exchange: `${step.exchange}${actor.index}`, routingKey: 'k', ...bound };
        const operation = step.do === 'bind' ? client.queueBind(route) : client.queueUnbind(route);
        const ends = [key, route.exchange];
        if (step.do === 'bind') model.everBound.add(`${key}|${route.exchange}`);
        this.promises.change(step, actor, operation, ends, () => model[step.do](key, route.exchange));
        break;
      }
    }
  }

  declare(step: Extract<CallStep, { do: 'declare' }>, actor: Actor, bound: OperationOptions): void {
    const { client, model } = actor;
    const { queue: kind } = step;
    if (kind === 's' || kind === 'n') {
      this.declareServerNamed(kind, step, actor, bound);
      return;
    }
    const queue = `${kind}${actor.index}`;
    const isStated = step.isStated === true;
    const optionsOf: Readonly<Record<typeof kind, Omit<QueueDeclareOptions, 'queue'>>> = {
      d: { durable: true },
      t: isStated ? { durable: false } : {},
      x: { exclusive: true },
      a: { autoDelete: true, ...(isStated ? { durable: false } : {}) },
      p: { durable: true, arguments: { 'x-expires': expiresMs } },
      w: { durable: true, arguments: { 'x-queue-type': 'stream' } },
    };
    const operation = client.queueDeclare({ queue, ...optionsOf[kind], ...bound });
    this.promises.change(step, actor, operation, [queue], () => {
      model.addQueue(queue);
      this.promises.used(actor, queue);
    });
  }

  private declareServerNamed(
    kind: (typeof serverQueueKinds)[number],
    step: CallStep,
    actor: Actor,
    bound: OperationOptions,
  ): void {
    const { world } = this;
    const key = `${kind}${actor.index}.${++actor.serverNamedCount}`;
    const mark = firstMark + world.keyOfMark.size;
    world.keyOfMark.set(mark, key);
    const options = kind === 's' ? { exclusive: true } : { autoDelete: true };
    const { life, losses } = actor;
    const operation = actor.client.queueDeclare({ ...options, arguments: { 'x-max-length': mark }, ...bound });
    this.promises.change(step, actor, operation, [key], () => actor.model.addQueue(key));
    operation.then(
      (declared) => {
        world.noteNames();
        // If it is repeated, the first try may have made another queue, whose name no client knows.
        if (kind === 'n' && actor.losses > losses) actor.model.taint(key);
        const { queue: first } = declared;
        if (actor.life !== life) return;
        actor.serverNamed.push({ kind, key, mark, declared, first, names: [first] });
      },
      () => {},
    );
  }

  publish(step: PublishStep, actor: Actor, bound: OperationOptions): void {
    const { world } = this;
    const { client, model } = actor;
    const { mandatory, size, to, choice } = step;
    const queue = to === 'e' || to === 'f' ? undefined : queueOf({ queue: to, choice }, actor);
    if (queue === undefined && to !== 'e' && to !== 'f') return;
    const body = `${world.published.length}:${'.'.repeat(size)}`;
    const route =
      queue === undefined ? { exchange: `${to}${actor.index}`, routingKey: 'k' } : { routingKey: queue.name };
    const operation = client.basicPublish({ ...route, body, mandatory, deliveryMode: 2, ...bound });
    const started = this.promises.start(step, actor, operation);
    world.sizeOf.set(operation, body.length);
    // Of these the broker, or the client, always has one.
    const isLasting = to === 'd' || to === 's';
    const key = isLasting && queue !== undefined && model.queues.has(queue.key) ? queue.key : undefined;
    world.published.push(Object.assign(started, { body, mandatory, queue: key }));
  }
}
