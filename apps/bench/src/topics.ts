/** What is measured, by topics: each is a section of docs/performance.md. Must not measure. */
import { type Job, type Mode, windowFor } from './job.ts';

/** `clients`: all clients over TCP. `tls`: the same over TLS. `runtimes`: this client and amqplib on each runtime. */
export const topics = ['clients', 'tls', 'runtimes'] as const;
export type Topic = (typeof topics)[number];

/** The part of a job that tells one table of a topic from another. */
export type Plan = Pick<Job, 'mode' | 'size' | 'window'>;

const oneWay: readonly Mode[] = ['publish', 'consume-ack', 'consume-no-ack'];
const kib = 1024;
const mib = 1_048_576;

/** @param sizes instead of those that the topic has by itself. */
export function plansOf(topic: Topic, sizes?: readonly number[]): Plan[] {
  switch (topic) {
    case 'clients':
      return [
        ...bySize(['publish', 'consume-ack'], sizes ?? [16, 4 * kib, 64 * kib, 256 * kib, mib]),
        ...bySize(['consume-no-ack'], sizes ?? [16, 4 * kib, 64 * kib]),
        ...bySize(['publish-ignored', 'request-reply'], sizes ?? [16, 4 * kib]),
        ...bySize(['declare-delete'], [0]),
      ];
    case 'tls':
      return bySize(oneWay, sizes ?? [16, 4 * kib, 64 * kib]);
    case 'runtimes':
      return bySize(oneWay, sizes ?? [16, 64 * kib]);
  }
}

function bySize(modes: readonly Mode[], sizes: readonly number[]): Plan[] {
  return modes.flatMap((mode) => sizes.map((size) => ({ mode, size, window: windowFor(size) })));
}

/** Messages of a run, so that one takes a second or two: the first tenths go to a cold program, whatever it does. */
export function countFor({ mode, size }: Plan, scale: number): number {
  return Math.max(100, Math.round(perRun(mode, size) * scale));
}

function perRun(mode: Mode, size: number): number {
  if (mode === 'declare-delete') return 1000;
  if (mode === 'request-reply') return size <= 8 * kib ? 12_000 : size <= 64 * kib ? 3000 : 300;
  return size <= kib ? 200_000 : size <= 8 * kib ? 50_000 : size <= 64 * kib ? 6000 : size <= 256 * kib ? 1200 : 300;
}
