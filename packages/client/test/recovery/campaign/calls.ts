/** Makes the calls of a program at its clients. Must not judge the end. */
import { ConsumerCalls, settleOne } from './consumer-calls.ts';
import { boundsOf, Promises } from './promises.ts';
import { QueueCalls } from './queue-calls.ts';
import { queueOf } from './queue-names.ts';
import type { CallStep } from './steps.ts';
import type { World } from './world.ts';

/** The calls of one program. */
export class Calls {
  private readonly world: World;
  private readonly promises: Promises;
  private readonly queues: QueueCalls;
  private readonly consumers: ConsumerCalls;

  constructor(world: World) {
    this.world = world;
    this.promises = new Promises(world);
    this.queues = new QueueCalls(world, this.promises);
    this.consumers = new ConsumerCalls(world, this.promises);
  }

  make(step: CallStep): void {
    const actor = this.world.actors[step.client];
    if (actor === undefined) return;
    const { client, model } = actor;
    const bound = boundsOf(step.bound, actor);
    switch (step.do) {
      case 'declare':
        this.queues.declare(step, actor, bound);
        break;
      case 'exchange': {
        const exchange = `${step.exchange}${actor.index}`;
        const options = { durable: step.exchange === 'e', autoDelete: step.exchange === 'f' };
        const operation = client.exchangeDeclare({ exchange, ...options, ...bound });
        this.promises.change(step, actor, operation, [exchange], () => model.addExchange(exchange));
        break;
      }
      case 'exchangeDelete': {
        const exchange = `${step.exchange}${actor.index}`;
        const operation = client.exchangeDelete({ exchange, ...bound });
        this.promises.change(step, actor, operation, [exchange], () => model.deleteExchange(exchange));
        break;
      }
      case 'delete':
      case 'purge':
      case 'get':
      case 'bind':
      case 'unbind':
      case 'consume': {
        const queue = queueOf(step, actor);
        if (queue === undefined) break;
        if (step.do === 'consume') this.consumers.consume(step, actor, queue, bound);
        else this.queues.call(step, actor, queue, bound);
        break;
      }
      case 'publish':
        this.queues.publish(step, actor, bound);
        break;
      case 'consumeMulti':
        this.consumers.consumeMulti(step.prefetch, actor, bound);
        break;
      case 'cancel':
      case 'qos':
        this.consumers.call(step, actor, bound);
        break;
      case 'settleOne':
        settleOne(actor, step.choice);
        break;
      case 'drained':
        this.promises.start(step, actor, client.drained(bound));
        break;
      case 'abort':
        for (const subscribed of actor.consumers) if (subscribed.hasSignal) subscribed.isCalledOff = true;
        actor.controller.abort(Object.assign(new Error('given up'), { code: 'GIVEN_UP' }));
        actor.controller = new AbortController();
        break;
      case 'upon':
        // User code runs in the middle of recovery.
        if (step.event === 'retryIf' || step.event === 'filter')
          actor.upon[step.event].push(() => this.make(step.call));
        else client.once(step.event, () => this.make(step.call));
        break;
      case 'connect':
        this.promises.start(step, actor, client.connect(bound));
        break;
      case 'close':
        actor.callOff();
        this.promises.start(step, actor, client.close());
        this.make({ do: 'connect', client: actor.index });
        break;
      case 'shutdown': {
        // They are cancelled: their callbacks are not called.
        actor.callOff();
        const operation = client.shutdown({ timeout: step.timeout });
        this.promises.start(step, actor, operation);
        operation.then(
          () => this.make({ do: 'connect', client: actor.index }),
          () => {},
        );
        break;
      }
    }
  }
}
