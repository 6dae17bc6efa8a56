/**
 * Sends lines through a durable queue with confirms and consumes them on a second connection. Both connections are cut once in
 * the middle, and the clients recover. Must not print.
 */
import { createHash } from 'node:crypto';
import { Client } from '@puka/client';
import type { Progress } from './picture.ts';
import { Reassembly } from './reassembly.ts';

/** What became of the lines. */
export interface Result extends Progress {
  readonly bytes: number;
  readonly seconds: number;
  /** Messages that came more than once, and were dropped. */
  readonly duplicates: number;
  /** SHA-256 of the lines one after the other, as sent, in hexadecimal digits. */
  readonly sentChecksum: string;
  /** The same as received, each line once, in the order of their numbers. */
  readonly receivedChecksum: string;
}

/** Who follows the run. */
export interface Watcher {
  /** Called at each confirm and each message, with the same object every time. */
  readonly progress?: (progress: Progress) => void;
  /** Called with a line of text when a connection is lost and when it is back. */
  readonly say?: (text: string) => void;
  /** Cuts the connections of these clients. Called once, when half of the lines have come. Default: they are not cut. */
  readonly cut?: (clients: readonly Client[]) => void;
}

/** Publishes no more than this ahead of the broker's confirms. */
const windowSize = 1000;

/** @param lines one message each; no byte is added between them. */
export async function hello(url: string, lines: readonly Uint8Array[], watcher: Watcher = {}): Promise<Result> {
  const publisher = newClient(url, 'publisher', watcher);
  const consumer = newClient(url, 'consumer', watcher);
  try {
    await Promise.all([publisher.connect(), consumer.connect()]);
    return await roundTrip(publisher, consumer, lines, watcher);
  } finally {
    await Promise.all([publisher.close(), consumer.close()]);
  }
}

/** It connects again soon: the default waits up to a second before the first attempt. */
function newClient(url: string, name: string, { say = () => {} }: Watcher): Client {
  const client = new Client(url, { connectionName: `hello: ${name}`, recover: { minDelay: 200 } });
  client.on('disconnected', (_error, isRecovering) => {
    if (isRecovering) say(`the ${name} has lost its connection`);
  });
  client.on('connected', (_info, recovery) => {
    if (recovery === undefined) return;
    const { downMs, restored, resent } = recovery;
    const what = restored.consumers > 0 ? 'consuming again' : `${resent} publishes sent again`;
    say(`the ${name} is back after ${Math.round(downMs)} ms, ${what}`);
  });
  return client;
}

async function roundTrip(
  publisher: Client,
  consumer: Client,
  lines: readonly Uint8Array[],
  { progress = () => {}, cut }: Watcher,
): Promise<Result> {
  const queue = `hello-${process.pid}-${Date.now()}`;
  const state = { total: lines.length, sent: 0, confirmed: 0, received: 0 };
  const reassembly = new Reassembly();
  const half = Math.ceil(lines.length / 2);
  let isCut = false;
  const receiveAll = async (): Promise<void> => {
    if (lines.length === 0) return;
    for await (const message of consumer.basicConsume({ queue, prefetchCount: 200 })) {
      reassembly.add(Number(message.messageId), message.body);
      state.received = reassembly.count;
      progress(state);
      if (cut !== undefined && !isCut && state.received === half) {
        isCut = true;
        const lost = new Promise<void>((resolve) => consumer.once('disconnected', () => resolve()));
        cut([publisher, consumer]);
        // Before the ack: the broker delivers this message once more.
        await lost;
      }
      message.ack();
      if (state.received === lines.length) break;
    }
  };
  const sentHash = createHash('sha256');
  let bytes = 0;
  const sendAll = async (): Promise<void> => {
    const underWay: Promise<void>[] = [];
    for (const [number, body] of lines.entries()) {
      bytes += body.length;
      sentHash.update(body);
      const confirmed = publisher.basicPublish({ routingKey: queue, body, messageId: String(number), mandatory: true });
      underWay.push(
        confirmed.then(() => {
          state.confirmed++;
          progress(state);
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
    ...{ ...state, bytes, seconds, duplicates: reassembly.duplicates },
    ...{ sentChecksum: sentHash.digest('hex'), receivedChecksum: reassembly.checksum() },
  };
}
