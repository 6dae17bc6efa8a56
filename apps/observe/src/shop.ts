/**
 * Two services: orders come in by HTTP and are published; a worker charges them, which fails once, and mails the customer.
 * Must not know how it is watched.
 */
import { type Context, context, type Tracer, trace } from '@opentelemetry/api';
import type { Client } from '@puka/client';
import { startWorker } from '@puka/worker';

/** Takes orders, and resolves when all of them are charged and mailed. */
export async function sellThings(
  shop: Client,
  billing: Client,
  tracer: Tracer,
  orders: readonly string[],
): Promise<void> {
  await shop.queueDeclare({ queue: 'orders', durable: true });
  await shop.queueDeclare({ queue: 'mails', durable: true });
  const declined = new Set<string>();
  const charging = await startWorker(billing, { queue: 'orders', concurrency: 2, delay: 20 }, async (order) => {
    const id = order.text();
    // The first attempt at an even order fails.
    if (Number(id) % 2 === 0 && !declined.has(id)) {
      declined.add(id);
      throw new Error(`the card of order ${id} was declined`);
    }
    await billing.basicPublish({ routingKey: 'mails', body: `order ${id} is paid` });
  });
  const mailing = await startWorker(shop, { queue: 'mails', batch: { size: orders.length, wait: 1000 } }, () => {});
  const mailed = new Promise<void>((resolve) => {
    mailing.on('done', () => {
      if (mailing.stats.done === orders.length) resolve();
    });
  });
  for (const id of orders) {
    const span = tracer.startSpan('POST /orders');
    await context.with(withSpan(span), () => shop.basicPublish({ routingKey: 'orders', body: id, messageId: id }));
    span.end();
  }
  await mailed;
  await charging.stop();
  await mailing.stop();
}

function withSpan(span: ReturnType<Tracer['startSpan']>): Context {
  return trace.setSpan(context.active(), span);
}
