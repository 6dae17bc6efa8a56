/** `puka bench`: makes load and measures it. */
import { randomUUID } from 'node:crypto';
import { UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type Latencies, latencyText } from '../bench/latencies.ts';
import { Load } from '../bench/load.ts';
import { sparkline } from '../bench/sparkline.ts';
import { type CommonOptions, largestWindow, urlOf, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../messages/message-options.ts';
import { type Io, write } from '../terminal/io.ts';
import { answer } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface BenchOptions extends CommonOptions {
  readonly queue?: string;
  readonly type: string;
  readonly producers: string;
  readonly consumers: string;
  readonly rate?: string;
  readonly window: string;
  readonly size: string;
  readonly prefetch: string;
  readonly seconds: string;
  readonly transient?: boolean;
}

/** How much longer than the measurement a queue that bench has declared may exist, in milliseconds: an hour. */
const spareMs = 3_600_000;
/** How often the row on the terminal is drawn. */
const frameMs = 250;

export function addBench(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'bench',
    summary: 'Measure what a broker can do: rates, and latencies of confirms and deliveries',
    examples: [
      ['puka bench', 'ten seconds, as fast as confirms come'],
      ['puka bench --rate 1000 --size 4096 --type quorum', 'latencies at a rate that is not the most'],
      ['puka bench --producers 4 --consumers 4 --json', 'for machines'],
    ],
  })
    .option(
      '-q, --queue <name>',
      'an existing queue; what is in it is consumed; default: one of its own, deleted at the end',
    )
    .option('--type <type>', 'of its own queue: classic or quorum', 'classic')
    .option('--producers <number>', 'connections that publish', '1')
    .option('--consumers <number>', 'connections that consume; 0 only publishes', '1')
    .option('--rate <number>', 'messages a second over all producers; default: no limit')
    .option('--window <number>', 'most unconfirmed messages of a producer', '500')
    .option('--size <bytes>', 'of a body', '100')
    .option('--prefetch <number>', 'most unacked messages of a consumer', '500')
    .option('--seconds <number>', 'how long', '10')
    .option('--transient', 'messages that do not survive a restart');
  runs<[], BenchOptions>(command, registration, bench);
  program.addCommand(command);
}

async function bench(io: Io, options: BenchOptions): Promise<ExitCode> {
  if (options.type !== 'classic' && options.type !== 'quorum') throw new UsageError('--type takes classic or quorum');
  const plan = {
    producers: wholeNumber(options.producers, '--producers', 1, 1000),
    consumers: wholeNumber(options.consumers, '--consumers', 0, 1000),
    rate: options.rate === undefined ? undefined : wholeNumber(options.rate, '--rate', 1, 10_000_000),
    window: wholeNumber(options.window, '--window', 1, largestWindow),
    size: wholeNumber(options.size, '--size', 8, 128 * 1024 * 1024),
    prefetch: wholeNumber(options.prefetch, '--prefetch', 1, 65_535),
    seconds: wholeNumber(options.seconds, '--seconds', 1, 86_400),
    transient: options.transient === true,
  };
  return await withClient(io, options, {
    command: 'bench',
    recover: false,
    use: async (client) => {
      const queue = options.queue ?? `puka-bench-${randomUUID()}`;
      if (options.queue !== undefined) await client.queueDeclare({ queue, passive: true });
      else {
        // If the connection is lost, bench cannot delete the queue. The queue counts as unused while it has no consumer.
        const expires = plan.seconds * 1000 + spareMs;
        const args = { 'x-queue-type': options.type, 'x-expires': expires };
        await client.queueDeclare({ queue, durable: true, arguments: args });
      }
      const load = new Load({ ...plan, url: urlOf(io, options), queue, signal: io.interrupted });
      const stopWatching = watch(io, options, load);
      const removeQueue = async (): Promise<void> => {
        stopWatching();
        if (options.queue === undefined) await client.queueDelete({ queue });
      };
      try {
        await load.run();
      } catch (error) {
        // Report the error that ended the measurement, not the error of the delete.
        await removeQueue().catch(() => undefined);
        throw error;
      }
      await removeQueue();
      await answer(io, options, textOf(load), { ...plan, ...resultOf(load) });
      return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
    },
  });
}

/** Draws one row over itself on a terminal. @returns what ends it. */
function watch({ stderr }: Io, { json, quiet }: CommonOptions, load: Load): () => void {
  if (stderr.isTTY !== true || json === true || quiet === true) return () => undefined;
  const rates: number[] = [];
  let confirmedBefore = 0;
  let receivedBefore = 0;
  const perSecond = (count: number): number => Math.round((count * 1000) / frameMs);
  const timer = setInterval(() => {
    const { confirmed, received } = load;
    rates.push(perSecond(confirmed - confirmedBefore));
    const texts = [
      `${rates.at(-1)?.toLocaleString('en-US')}/s confirmed`,
      `${perSecond(received - receivedBefore).toLocaleString('en-US')}/s received`,
      `p99 ${latencyText(load.deliveryLatencies.percentile(0.99))}`,
    ].join('  ');
    confirmedBefore = confirmed;
    receivedBefore = received;
    const room = Math.max(0, (stderr.columns ?? 80) - texts.length - 4);
    void write(stderr, `\r\u001b[K${texts}  ${sparkline(rates.slice(-200), room)}`.trimEnd()).catch(() => undefined);
  }, frameMs);
  return () => {
    clearInterval(timer);
    void write(stderr, '\r\u001b[K').catch(() => undefined);
  };
}

interface LatencyResult {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** In milliseconds, to the thousandth. */
function latencyResult(latencies: Latencies): LatencyResult {
  const at = (share: number): number => rounded(latencies.percentile(share));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: rounded(latencies.max) };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function resultOf(load: Load): object {
  const { confirmed, failed, received, publishingMs } = load;
  return {
    ...{ confirmed, failed, received, publishingMs: Math.round(publishingMs) },
    confirmedPerSecond: rateOf(load),
    confirmLatencyMs: latencyResult(load.confirmLatencies),
    deliveryLatencyMs: latencyResult(load.deliveryLatencies),
  };
}

function rateOf({ confirmed, publishingMs }: Load): number {
  return publishingMs === 0 ? 0 : Math.round((confirmed * 1000) / publishingMs);
}

function textOf(load: Load): string {
  const { confirmed, failed, received } = load;
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    `confirmed ${number(confirmed)}, ${number(rateOf(load))} a second${failed > 0 ? `; refused ${number(failed)}` : ''}`,
    `received  ${number(received)}`,
    row('        ', ['p50', 'p95', 'p99', 'p99.9', 'max']),
    latencyRow('confirm ', load.confirmLatencies),
    latencyRow('delivery', load.deliveryLatencies),
  ].join('\n');
}

function latencyRow(name: string, latencies: Latencies): string {
  if (latencies.count === 0) return `${name}  none`;
  const { p50, p95, p99, p999, max } = latencyResult(latencies);
  return row(name, [p50, p95, p99, p999, max].map(latencyText));
}

/** Fits into a terminal of 60 columns. */
function row(name: string, cells: readonly string[]): string {
  return `${name}${cells.map((cell) => cell.padStart(10)).join('')}`;
}
