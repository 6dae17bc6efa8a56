/** Sends lines through a durable queue with confirms and consumes them on a second connection. Must not print. */
import { createHash } from 'node:crypto';
import { Client } from '@puka/client';
import type { Progress } from './picture.ts';

/** What became of the lines. */
export interface Result extends Progress {
  readonly bytes: number;
  readonly seconds: number;
  /** SHA-256 of the lines one behind the other, as sent, in hexadecimal digits. */
  readonly sentChecksum: string;
  /** The same as received. */
  readonly receivedChecksum: string;
}

/** Publishes no more than this ahead of the broker's confirms. */
const windowSize = 1000;

/**
 * @param lines one message each; no byte is added between them.
 * @param onProgress called at each confirm and each message, with the same object every time.
 */
export async function hello(
  url: string,
  lines: readonly Uint8Array[],
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  const publisher = new Client(url, { connectionName: 'hello: publisher' });
  const consumer = new Client(url, { connectionName: 'hello: consumer' });
  try {
    await Promise.all([publisher.connect(), consumer.connect()]);
    return await roundTrip(publisher, consumer, lines, onProgress);
  } finally {
    await Promise.all([publisher.close(), consumer.close()]);
  }
}

async function roundTrip(
  publisher: Client,
  consumer: Client,
  lines: readonly Uint8Array[],
  onProgress: (progress: Progress) => void,
): Promise<Result> {
  const queue = `hello-${process.pid}-${Date.now()}`;
  const state = { total: lines.length, sent: 0, confirmed: 0, received: 0 };
  const receivedHash = createHash('sha256');
  const receiveAll = async (): Promise<void> => {
    if (lines.length === 0) return;
    for await (const message of consumer.basicConsume({ queue, prefetchCount: 200 })) {
      receivedHash.update(message.body);
      message.ack();
      state.received++;
      onProgress(state);
      if (state.received === lines.length) break;
    }
  };
  const sentHash = createHash('sha256');
  let bytes = 0;
  const sendAll = async (): Promise<void> => {
    const underWay: Promise<void>[] = [];
    for (const body of lines) {
      bytes += body.length;
      sentHash.update(body);
      const confirmed = publisher.basicPublish({ routingKey: queue, body, mandatory: true });
      underWay.push(
        confirmed.then(() => {
          state.confirmed++;
          onProgress(state);
        }),
      );
      state.sent++;
      if (underWay.length >= windowSize) await Promise.all(underWay.splice(0));
    }
    await Promise.all(underWay);
  };
  const started = performance.now();
  await publisher.queueDeclare({ queue, durable: true });
  try {
    await Promise.all([sendAll(), receiveAll()]);
  } finally {
    await publisher.queueDelete({ queue }).catch(() => undefined);
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    ...{ ...state, bytes, seconds },
    ...{ sentChecksum: sentHash.digest('hex'), receivedChecksum: receivedHash.digest('hex') },
  };
}
