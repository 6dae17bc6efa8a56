/**
 * Makes one recorded entity again at the broker. A server-named queue may get another name by it.
 * Must not decide what follows a refusal: the replay does.
 */
import { AmqpNotImplemented, NotFound, type PukaError } from '@puka/errors';
import type { MethodInput } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { exchangeBind, exchangeDeclare, queueBind, queueDeclare } from '../topology/declarations.ts';
import type { RecordedBinding, RecordedExchange, RecordedQueue } from '../topology/recorded-entity.ts';
import { RequestLanes } from './request-lanes.ts';

/** Takes the outcome: nothing, or the error. */
export type Done = (error: PukaError | undefined) => void;

/** What making entities needs of its owner. */
export interface EntityRequestsHost {
  readonly pool: ChannelPool;
  /** Whether the broker wants queues durable or exclusive (RabbitMQ 4.3). */
  readonly refusesTransientQueues: boolean;
  /** There is something to send. */
  wake(): void;
  /** A server-named queue has another name. */
  renamed(from: string, to: string): void;
}

/** The requests of a replay. */
export class EntityRequests {
  private readonly host: EntityRequestsHost;
  private readonly lanes: RequestLanes;

  constructor(host: EntityRequestsHost) {
    this.host = host;
    this.lanes = new RequestLanes(host);
  }

  exchange({ options }: RecordedExchange, done: Done): void {
    this.lanes.send(exchangeDeclare(options).method, (_reply, error) => done(error));
  }

  binding({ destinationKind, destination, source, routingKey, arguments: table }: RecordedBinding, done: Done): void {
    const route = { routingKey, arguments: table };
    const { method } =
      destinationKind === 'queue'
        ? queueBind({ queue: destination, exchange: source, ...route })
        : exchangeBind({ destination, source, ...route });
    this.lanes.send(method, (_reply, error) => done(error));
  }

  queue(recorded: RecordedQueue, done: Done): void {
    const { queue: name, options } = recorded;
    const isServerNamed = options.queue === undefined || options.queue === '';
    const { method } = queueDeclare(options, this.host.refusesTransientQueues);
    if (method.type !== 'queue.declare') return;
    if (this.isNeverTaken(recorded)) {
      // Of scope `operation`: with the scope of its class it would pass for the end of the connection.
      const details = { method: method.type, scope: 'operation', outcome: 'not-sent' } as const;
      const text = `queue '${name}' is neither durable nor exclusive, and this broker takes no such queue`;
      done(new AmqpNotImplemented(text, details));
    } else if (isServerNamed && method.exclusive !== true) {
      // It may still be there: the connection alone is gone.
      this.isThere(name, (error) => {
        if (error instanceof NotFound) this.declareAnew(name, method, done);
        else done(error);
      });
    } else if (isServerNamed) {
      this.declareAnew(name, method, done);
    } else {
      this.lanes.send(method, (_reply, error) => done(error));
    }
  }

  /** Whether the broker is known to take no such queue: it is not asked, because it would close the connection. */
  isNeverTaken({ options }: RecordedQueue): boolean {
    if (!this.host.refusesTransientQueues) return false;
    const { method } = queueDeclare(options, true);
    return method.type === 'queue.declare' && method.durable !== true && method.exclusive !== true;
  }

  /** Asks whether a queue is there. */
  isThere(queue: string, done: Done): void {
    this.lanes.send({ type: 'queue.declare', queue, passive: true }, (_reply, error) => done(error));
  }

  private declareAnew(name: string, method: MethodInput, done: Done): void {
    this.lanes.send(method, (reply, error) => {
      if (reply?.type === 'queue.declare-ok') this.host.renamed(name, reply.queue);
      done(error);
    });
  }
}
