/** Starts a service: its queue, the queue by which it hears of calls given up, and their consumers. */
import type { Client, Consumer } from '@puka/client';
import { ConnectionBroken, UsageError } from '@puka/errors';
import { bytesOf, type CallForm, checkFlag, checkOptions, kindOf } from './check-options.ts';
import { jsonCodec } from './codec.ts';
import { checkCodec, checkQueue, type Handler, type Handlers, type ServeOptions } from './options.ts';
import { Service } from './service.ts';
import { cancelExchange, cancelKey } from './wire-format.ts';

const defaultConcurrency = 16;
const serveForm: CallForm<ServeOptions> = {
  call: 'serve',
  example: "serve(client, { queue: 'maths' }, { add: ({ a, b }) => a + b })",
  options: { queue: true, concurrency: true, declare: true, codec: true, withStack: true, cancels: true },
};

/**
 * Serves calls: each handler is a method that callers of the queue have. Several servers may serve one queue.
 *
 * A request is acked when its answer is out. One that a server took and did not answer goes to another server; there it runs
 * again only if its caller has marked it idempotent.
 *
 * Rejects with the client's errors, such as `PreconditionFailed` for a queue that is there otherwise; `UsageError` for an option out
 * of its range.
 *
 * @example
 * ```ts
 * import { Client } from '@puka/client';
 * import { serve } from '@puka/rpc';
 *
 * const client = new Client('amqp://localhost');
 * await client.connect();
 * const service = await serve(client, { queue: 'maths', concurrency: 4 }, {
 *   add: async ({ a, b }: { a: number; b: number }) => a + b,
 * });
 * await service.stop();
 * ```
 */
export async function serve<Served extends Handlers>(
  client: Client,
  options: ServeOptions,
  handlers: Served,
): Promise<Service<Served>> {
  checkOptions(serveForm, options);
  const { queue, concurrency = defaultConcurrency, declare = {}, codec = jsonCodec, cancels = true } = options;
  checkQueue(queue);
  checkCodec(codec);
  checkFlag('withStack', options.withStack);
  checkFlag('cancels', cancels);
  if (declare !== false && (typeof declare !== 'object' || declare === null)) {
    throw new UsageError(`declare is ${kindOf(declare)}; it takes options of queueDeclare, or false`);
  }
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 65_535) {
    throw new UsageError(`concurrency is ${String(concurrency)}; it takes integers from 1 to 65535`);
  }
  const service = new Service<Served>(client, options, codec, checkedHandlers(handlers));
  if (declare !== false) {
    await client.queueDeclare({ ...declare, queue, autoDelete: declare.autoDelete ?? true });
  }
  const listening = cancels ? [await listenForCancels(client, service)] : [];
  const requests = client.basicConsume({ queue, prefetchCount: concurrency }, (error, message) => {
    if (message !== undefined) return service.receive(message);
    service.consumerEnded(error);
    return undefined;
  });
  // A consumer ends without an error when its own client is closed.
  const closed = (error: unknown): void =>
    service.clientClosed(error ?? new ConnectionBroken('the client of the server was closed', { retryable: false }));
  client.on('closed', closed);
  service.ended.catch(() => {}).finally(() => client.off('closed', closed));
  service.uses([requests, ...listening]);
  await requests.ready;
  return service;
}

/** An exclusive queue, because every server has to hear of it: which of them has the call, the caller does not know. */
async function listenForCancels(client: Client, service: Service): Promise<Consumer> {
  const { queue } = await client.queueDeclare({ exclusive: true, autoDelete: true });
  try {
    await client.queueBind({ queue, exchange: cancelExchange, routingKey: cancelKey(service.queue) });
    const consumer = client.basicConsume({ queue, noAck: true }, (_error, message) => {
      const id = message?.correlationId;
      if (id !== undefined) service.callCancelled(id);
    });
    await consumer.ready;
    return consumer;
  } catch (error) {
    client.queueDelete({ queue }).catch(() => {}); // It is deleted already.
    throw error;
  }
}

/** The handlers, each bound to the object that it is a method of. */
function checkedHandlers(handlers: Handlers): ReadonlyMap<string, Handler> {
  if (typeof handlers !== 'object' || handlers === null) {
    throw new UsageError(`handlers is ${kindOf(handlers)}; it takes an object of functions: ${serveForm.example}`);
  }
  const entries = Object.entries(handlers);
  if (entries.length === 0) {
    throw new UsageError(
      `there are no handlers; methods of a class are not its own properties, so list them: ${serveForm.example}`,
    );
  }
  for (const [name, handler] of entries) {
    if (typeof handler !== 'function')
      throw new UsageError(`handler '${name}' is ${typeof handler}; it takes a function`);
    const bytes = bytesOf(name);
    if (bytes > 255) throw new UsageError(`the name of a handler has ${bytes} bytes; it takes up to 255`);
  }
  return new Map(entries.map(([name, handler]) => [name, handler.bind(handlers)]));
}
