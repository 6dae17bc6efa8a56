/** Sends lines through a durable queue with confirms and consumes them on a second connection. Must not print. */
import { createHash } from 'node:crypto';
import { Client } from '@puka/client';
import type { Progress } from './picture.ts';

/** What became of the lines. */
export interface Result extends Progress {
  readonly bytes: number;
  readonly seconds: number;
  readonly sentChecksum: string;
  readonly receivedChecksum: string;
}

/** Publishes no more than this ahead of the broker's confirms. */
const windowSize = 1000;

/** @param onProgress called at each confirm and each message. */
export async function hello(
  url: string,
  lines: readonly string[],
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  const publisher = new Client(url, { connectionName: 'hello: publisher' });
  const consumer = new Client(url, { connectionName: 'hello: consumer' });
  await Promise.all([publisher.connect(), consumer.connect()]);
  const queue = `hello-${process.pid}-${Date.now()}`;
  const state = { total: lines.length, sent: 0, confirmed: 0, received: 0 };
  const sentHash = createHash('sha256');
  const receivedHash = createHash('sha256');
  let bytes = 0;
  const started = performance.now();
  try {
    await publisher.queueDeclare({ queue, durable: true });
    const receiving = (async () => {
      if (lines.length === 0) return;
      for await (const message of consumer.basicConsume({ queue, prefetchCount: 200 })) {
        receivedHash.update(message.body).update('\n');
        message.ack();
        state.received++;
        onProgress(state);
        if (state.received === lines.length) break;
      }
    })();
    const underWay: Promise<void>[] = [];
    for (const line of lines) {
      const body = new TextEncoder().encode(line);
      bytes += body.length;
      sentHash.update(body).update('\n');
      underWay.push(
        publisher.basicPublish({ routingKey: queue, body, deliveryMode: 2, mandatory: true }).then(() => {
          state.confirmed++;
          onProgress(state);
        }),
      );
      state.sent++;
      if (underWay.length >= windowSize) await Promise.all(underWay.splice(0));
    }
    await Promise.all([...underWay, receiving]);
    const seconds = (performance.now() - started) / 1000;
    return {
      ...state,
      bytes,
      seconds,
      sentChecksum: sentHash.digest('hex'),
      receivedChecksum: receivedHash.digest('hex'),
    };
  } finally {
    await publisher.queueDelete({ queue }).catch(() => undefined);
    await Promise.all([publisher.close(), consumer.close()]);
  }
}
