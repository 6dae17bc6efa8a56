/** What the types of the API promise: checked by the compiler, and run to no effect. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  type Callback,
  type Cancelled,
  type Client,
  type ClientOptions,
  type ConnectionInfo,
  type Consumer,
  type FieldTableInput,
  type KnownQueueArguments,
  loop,
  type Message,
  type MessageCallback,
  type Operation,
  type QueueDeclared,
  type ShutdownReport,
} from '../src/index.ts';

type Settled = { readonly messageCount: number };

/** Never called: only its types count. */
function never(work: (client: Client) => unknown): void {
  void work;
}

describe('the types of the client', () => {
  it('of its making, its events and its connection', () => {
    expectTypeOf<ConstructorParameters<typeof Client>>().toEqualTypeOf<
      [url?: string | readonly string[] | undefined, options?: ClientOptions | undefined]
    >();
    never((client) => {
      expectTypeOf(client.connect()).toEqualTypeOf<Operation<ConnectionInfo>>();
      expectTypeOf(client.connect({ timeout: 5 })).toEqualTypeOf<Operation<ConnectionInfo>>();
      client.connect((error, info, promise) => {
        expectTypeOf(error).toEqualTypeOf<Error | undefined>();
        expectTypeOf(info).toEqualTypeOf<ConnectionInfo | undefined>();
        expectTypeOf(promise).toEqualTypeOf<Operation<ConnectionInfo>>();
      });
      expectTypeOf(client.close()).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.close({ timeout: 5 }, () => {})).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.shutdown({ timeout: 5 })).toEqualTypeOf<Operation<ShutdownReport>>();
      expectTypeOf(client[Symbol.asyncDispose]()).toEqualTypeOf<Promise<void>>();
      expectTypeOf(client.on('blocked', (reason) => expectTypeOf(reason).toBeString())).toEqualTypeOf<Client>();
      client.once('connected', (info) => expectTypeOf(info).toEqualTypeOf<ConnectionInfo>());
      client.off('unobserved', (error, promise) => {
        expectTypeOf(error).toBeUnknown();
        expectTypeOf(promise).toEqualTypeOf<Operation<unknown> | undefined>();
      });
      // @ts-expect-error there is no such event
      client.on('error', () => {});
      expectTypeOf(client.fileno()).toEqualTypeOf<number | undefined>();
      expectTypeOf(client.socket()).toBeUnknown();
    });
  });

  it('of queues, exchanges and bindings', () => {
    never((client) => {
      expectTypeOf(client.queueDeclare()).toEqualTypeOf<Operation<QueueDeclared>>();
      expectTypeOf(client.queueDelete({ queue: 'q', ifEmpty: true })).toEqualTypeOf<Operation<Settled>>();
      expectTypeOf(client.queuePurge({ queue: 'q' })).toEqualTypeOf<Operation<Settled>>();
      expectTypeOf(client.queueBind({ queue: 'q', exchange: 'e' })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.queueUnbind({ queue: 'q', exchange: 'e' })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.exchangeDeclare({ exchange: 'e', internal: true })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.exchangeDelete({ exchange: 'e', ifUnused: true })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.exchangeBind({ destination: 'd', source: 's' })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.exchangeUnbind({ destination: 'd', source: 's' })).toEqualTypeOf<Operation<void>>();
      client.queueDeclare({}, (_error, result) => expectTypeOf(result).toEqualTypeOf<QueueDeclared | undefined>());
      // @ts-expect-error the queue has to be named
      client.queueDelete({});
      // @ts-expect-error an exchange has a name, not a queue
      client.exchangeDeclare({ queue: 'q' });
    });
  });

  it('of arguments and exchange types: the known ones, and any other', () => {
    never((client) => {
      client.queueDeclare({ arguments: { 'x-queue-type': 'quorum', 'x-message-ttl': 5, 'x-of-a-plugin': [1] } });
      const table: FieldTableInput = { 'x-max-length': 5 };
      client.queueDeclare({ arguments: table });
      client.exchangeDeclare({ exchange: 'e', type: 'x-delayed-message', arguments: { 'alternate-exchange': 'u' } });
      client.basicConsume({ queue: 's', arguments: { 'x-stream-offset': new Date(), 'x-priority': 1 } });
      expectTypeOf<KnownQueueArguments['x-overflow']>().toEqualTypeOf<
        'drop-head' | 'reject-publish' | 'reject-publish-dlx' | undefined
      >();
    });
  });

  it('of publishing and getting', () => {
    never((client) => {
      expectTypeOf(client.basicPublish({ routingKey: 'k', body: 'x' })).toExtend<Operation<void>>();
      client.basicPublish({ routingKey: 'k', json: { a: 1 }, headers: { n: 1n, at: new Date(), none: null } });
      client.basicPublish({ routingKey: 'k', body: new Uint8Array(1), priority: 0, timestamp: new Date() });
      // @ts-expect-error gone from RabbitMQ
      client.basicPublish({ routingKey: 'k', immediate: true });
      // @ts-expect-error a body is text or bytes
      client.basicPublish({ routingKey: 'k', body: 5 });
      expectTypeOf(client.basicGet({ queue: 'q' })).toEqualTypeOf<Operation<Message | null>>();
      client.basicGet({ queue: 'q' }, (_error, message) =>
        expectTypeOf(message).toEqualTypeOf<Message | null | undefined>(),
      );
      expectTypeOf(client.drained()).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.drained({ timeout: 5 })).toEqualTypeOf<Operation<void>>();
      expectTypeOf(client.needsDrain).toBeBoolean();
    });
  });

  it('of consumers', () => {
    never(async (client) => {
      const consumer = client.basicConsume({ queue: 'q', prefetchCount: 1 }, (error, message, own) => {
        expectTypeOf(error).toEqualTypeOf<Error | undefined>();
        expectTypeOf(message).toEqualTypeOf<Message | undefined>();
        expectTypeOf(own).toEqualTypeOf<Consumer>();
      });
      expectTypeOf(consumer).toEqualTypeOf<Consumer>();
      expectTypeOf(consumer.ready).toEqualTypeOf<Operation<Consumer>>();
      expectTypeOf(consumer.cancel()).toEqualTypeOf<Operation<{ readonly consumerTag: string }>>();
      expectTypeOf(consumer.queues).toEqualTypeOf<readonly string[]>();
      for await (const message of consumer) expectTypeOf(message).toEqualTypeOf<Message>();
      const multi = client.basicConsumeMulti({ queues: ['a', { queue: 'b', exclusive: true }], prefetchCount: 3 });
      expectTypeOf(multi).toEqualTypeOf<Consumer>();
      // @ts-expect-error the limit is one for all the queues
      client.basicConsumeMulti({ queues: [{ queue: 'b', prefetchCount: 3 }] });
      expectTypeOf(client.basicQos(consumer, { prefetchCount: 2 })).toEqualTypeOf<Operation<void>>();
      // @ts-expect-error the limit has to be said
      client.basicQos(consumer, {});
      expectTypeOf(client.basicCancel(consumer)).toEqualTypeOf<Operation<{ readonly consumerTag: string }>>();
      expectTypeOf(client.basicCancel(consumer, { timeout: 5 })).toEqualTypeOf<Operation<Cancelled>>();
      client.basicCancel(consumer, (_error, result) => expectTypeOf(result).toEqualTypeOf<Cancelled | undefined>());
      expectTypeOf(consumer.cancel({ timeout: 5 })).toEqualTypeOf<Operation<Cancelled>>();
      // @ts-expect-error a tag is no consumer
      client.basicCancel('tag');
    });
    expectTypeOf<Consumer>().not.toExtend<PromiseLike<unknown>>();
    expectTypeOf<MessageCallback>().toBeFunction();
  });

  it('of messages and their settling', () => {
    never((client) => {
      const message: Message = Object.create(null);
      expectTypeOf(message.ack()).toBeBoolean();
      expectTypeOf(message.reject({ requeue: false })).toBeBoolean();
      expectTypeOf(message.nack()).toBeBoolean();
      expectTypeOf(client.basicAck(message)).toBeBoolean();
      expectTypeOf(client.basicReject(message, { requeue: true })).toBeBoolean();
      expectTypeOf(client.basicNack(message)).toBeBoolean();
      expectTypeOf(message.body).toExtend<Uint8Array>();
      expectTypeOf(message.text()).toBeString();
      expectTypeOf(message.json()).toBeUnknown();
      expectTypeOf(message.json<{ a: number }>()).toEqualTypeOf<{ a: number }>();
      expectTypeOf(message.priority).toEqualTypeOf<number | undefined>();
      expectTypeOf(message.messageCount).toEqualTypeOf<number | undefined>();
      // @ts-expect-error a message may be null, which is to be looked at first
      client.basicAck(null);
    });
  });

  it('of wait: what was waited for, undefined with a time, an error where errors are values', () => {
    never(async (client) => {
      const declare = client.queueDeclare();
      const get = client.basicGet({ queue: 'q' });
      const consumer = client.basicConsume({ queue: 'q' });
      expectTypeOf(await client.wait(declare)).toEqualTypeOf<QueueDeclared>();
      expectTypeOf(await client.wait(get)).toEqualTypeOf<Message | null>();
      expectTypeOf(await client.wait(consumer)).toEqualTypeOf<Message>();
      expectTypeOf(await client.wait([declare, consumer])).toEqualTypeOf<QueueDeclared | Message>();
      expectTypeOf(await client.wait(declare, { timeout: 5 })).toEqualTypeOf<QueueDeclared | undefined>();
      expectTypeOf(await client.wait(declare, { raiseErrors: false })).toEqualTypeOf<QueueDeclared | Error>();
      expectTypeOf(await client.wait(declare, { raiseErrors: true })).toEqualTypeOf<QueueDeclared>();
      expectTypeOf(await client.wait(consumer, { timeout: 5, raiseErrors: false })).toEqualTypeOf<
        Message | Error | undefined
      >();
      expectTypeOf(await client.wait(declare, { signal: new AbortController().signal })).toEqualTypeOf<QueueDeclared>();
      // @ts-expect-error any other promise is not the client's
      void client.wait(Promise.resolve());
    });
  });

  it('of waitForAll: a tuple as it was given; of waitForAny: one of them', () => {
    never(async (client) => {
      const declare = client.queueDeclare();
      const consumer = client.basicConsume({ queue: 'q' });
      expectTypeOf(await client.waitForAll([declare, consumer, client.close()])).toEqualTypeOf<
        [QueueDeclared, Message, Awaited<ReturnType<Client['close']>>]
      >();
      const many: Operation<QueueDeclared>[] = [];
      expectTypeOf(await client.waitForAll(many)).toEqualTypeOf<QueueDeclared[]>();
      expectTypeOf(await client.waitForAny([declare, consumer])).toEqualTypeOf<QueueDeclared | Message>();
      expectTypeOf(client.loop({ timeout: 5 })).toEqualTypeOf<Promise<void>>();
      expectTypeOf(loop([client])).toEqualTypeOf<Promise<void>>();
      expectTypeOf(client.loopBreak()).toBeVoid();
    });
  });

  it('of setCallback: that of the promise or of the consumer', () => {
    never((client) => {
      client.setCallback(client.queueDeclare(), (_error, result, promise) => {
        expectTypeOf(result).toEqualTypeOf<QueueDeclared | undefined>();
        expectTypeOf(promise).toEqualTypeOf<Operation<QueueDeclared>>();
      });
      client.setCallback(client.basicConsume({ queue: 'q' }), (_error, message) =>
        expectTypeOf(message).toEqualTypeOf<Message | undefined>(),
      );
      const wide: Operation<unknown> = client.queueDeclare();
      expectTypeOf(wide.number).toBeNumber();
      expectTypeOf<Callback<void>>().toBeFunction();
      // @ts-expect-error a callback is a function
      client.setCallback(client.queueDeclare(), 'later');
    });
  });

  it('of an operation: a promise of its result', () => {
    never(async (client) => {
      const declare = client.queueDeclare();
      expectTypeOf(declare).toExtend<Promise<QueueDeclared>>();
      expectTypeOf(await declare).toEqualTypeOf<QueueDeclared>();
      expectTypeOf(await Promise.all([declare, client.basicGet({ queue: 'q' })])).toEqualTypeOf<
        [QueueDeclared, Message | null]
      >();
      expectTypeOf(declare.then(({ queue }) => queue)).toEqualTypeOf<Promise<string>>();
      expectTypeOf(declare.catch(() => 5)).toEqualTypeOf<Promise<QueueDeclared | number>>();
      expectTypeOf(declare.finally(() => {})).toEqualTypeOf<Promise<QueueDeclared>>();
    });
  });

  it('of callbacks: checking the error shows which of the two there is', () => {
    never((client) => {
      client.queueDeclare({}, (error, result, promise) => {
        if (error) throw error;
        expectTypeOf(result).toEqualTypeOf<QueueDeclared>();
        expectTypeOf(promise).toEqualTypeOf<Operation<QueueDeclared>>();
      });
      client.basicGet({ queue: 'q' }, (error, message) => {
        if (error === undefined) expectTypeOf(message).toEqualTypeOf<Message | null>();
        else expectTypeOf(error).toEqualTypeOf<Error>();
      });
      client.basicConsume({ queue: 'q' }, async (error, message) => {
        if (error) throw error;
        message.ack();
      });
      client.basicConsumeMulti({ queues: ['q'] }, function handle(error, message, consumer) {
        if (message === undefined) expectTypeOf(error).toEqualTypeOf<Error>();
        else expectTypeOf(message).toEqualTypeOf<Message>();
        expectTypeOf(consumer).toEqualTypeOf<Consumer>();
      });
      client.connect((error, info) => error ?? info.frameMax);
      client.connect({ timeout: 5 }, (error, info) => error ?? info.frameMax);
      client.shutdown({}, (error, report) => error ?? report.handlersAbandoned);
      client.shutdown((error, report) => error ?? report.handlersAbandoned);
      client.queueDeclare((error, result) => error ?? result.queue);
      client.setCallback(client.queueDeclare(), (error, result) => error ?? result.queue);
      client.setCallback(client.basicConsume({ queue: 'q' }), (error, message) => error ?? message.ack());
      client.basicGet({ queue: 'q' }, (_error, message) => {
        // @ts-expect-error the error has not been checked
        message?.text() ?? message.text();
      });
    });
  });

  it('of callbacks with fewer parameters, and of such as were typed before', () => {
    never((client) => {
      client.queueDeclare({}, () => {});
      client.queueDeclare({}, (error) => expectTypeOf(error).toEqualTypeOf<Error | undefined>());
      client.basicConsume({ queue: 'q' }, () => {});
      client.basicConsume({ queue: 'q' }, (error) => {
        if (error) throw error;
      });
      client.basicPublish({ routingKey: 'q' }, (error) => error?.message);
      client.setCallback(client.queueDeclare(), () => {});
      client.basicPublish({ routingKey: 'q' }, (error: unknown) => error);
      client.basicPublish({ routingKey: 'q' }, (error?: Error | null) => error);
      client.queueDeclare({}, console.log);
      const node = (_error: unknown, _result?: unknown): void => {};
      client.queueDeclare({}, node);
      const typed: MessageCallback = (error, message) => error ?? message.ack();
      client.basicConsume({ queue: 'q' }, typed);
      const callback: Callback<QueueDeclared> = (error, result) => error ?? result.queue;
      client.queueDeclare({}, callback);
      client.queueDeclare({}, (error: unknown, result: QueueDeclared | undefined) => error ?? result);
      // @ts-expect-error it gets an error first
      client.queueDeclare({}, (result: QueueDeclared) => result.queue);
      // @ts-expect-error it gets three values
      client.queueDeclare({}, (_error, _result, _promise, more) => more);
      // @ts-expect-error it is a function
      client.queueDeclare({}, 'later');
    });
  });

  it('of the network in the user’s hands', () => {
    never((client) => {
      expectTypeOf(client.onRead()).toBeVoid();
      expectTypeOf(client.onWrite()).toBeVoid();
      expectTypeOf(client.needsWrite()).toBeBoolean();
      expectTypeOf(client.handleTimeout()).toBeVoid();
      expectTypeOf(client.nextDeadline()).toBeNumber();
      expectTypeOf(client.runAnyCallbacks()).toBeVoid();
    });
    expectTypeOf<ClientOptions['drive']>().toEqualTypeOf<'auto' | 'manual' | undefined>();
  });
});
