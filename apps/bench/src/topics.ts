/** What is measured, by topics: each is a section of docs/performance.md. Must not measure. */
import { isMemoryMode, type Job, type MemoryMode, type Mode, memoryModes, windowFor } from './job.ts';

/**
 * `clients`: all clients over TCP. `tls`: the same over TLS. `runtimes`: this client and amqplib on each runtime. `window`,
 * `consumers`: what a message costs as they grow. `start`: to the first confirmed message. `memory`: of what is kept.
 */
export const topics = ['clients', 'tls', 'runtimes', 'window', 'consumers', 'start', 'memory'] as const;
export type Topic = (typeof topics)[number];

/** The part of a job that distinguishes one table of a topic from another. */
export type Plan = Pick<Job, 'mode' | 'size' | 'window' | 'consumers'>;

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
      return bySize(oneWay, sizes ?? [16, 64 * kib]);
    case 'runtimes':
      return bySize(oneWay, sizes ?? [16, 64 * kib]);
    case 'window':
      return [10, 100, 1000, 10_000, 100_000].map((window) => ({ ...plan('publish', 16), window }));
    case 'consumers':
      return [1, 10, 100, 1000, 2000].map((consumers) => ({ ...plan('many-consumers', 16), consumers }));
    case 'start':
      return [plan('start', 16)];
    case 'memory':
      return memoryModes.map((mode) => plan(mode, 16));
  }
}

function plan(mode: Mode, size: number): Plan {
  return { mode, size, window: windowFor(size), consumers: 1 };
}

function bySize(modes: readonly Mode[], sizes: readonly number[]): Plan[] {
  return modes.flatMap((mode) => sizes.map((size) => plan(mode, size)));
}

/** Plans of a topic with the same key measure the same. */
export function keyOf(topic: Topic, { mode, size, window, consumers }: Plan): string {
  return `${topic} ${mode} ${size} ${window} ${consumers}`;
}

/** Whether the topic has it by itself, and not by a size that was asked for once. */
export function isPlanned(topic: Topic, plan: Plan): boolean {
  return plansOf(topic).some((each) => keyOf(topic, each) === keyOf(topic, plan));
}

const keptPerRun: Readonly<Record<MemoryMode, number>> = {
  'idle-client': 1000,
  'idle-consumer': 2000,
  // A prefetch is 16 bits.
  'held-message': 30_000,
  'open-publish': 10_000,
  'waiting-declare': 10_000,
};

/** Messages of a run, so that one takes a second or two: without a warm-up the first tenths go to a cold program, whatever it does. */
export function countFor({ mode, size }: Plan, scale: number): number {
  if (mode === 'start') return 1;
  // Enough to be visible among the rest of the heap.
  if (isMemoryMode(mode)) return keptPerRun[mode];
  return Math.max(100, Math.round(perRun(mode, size) * scale));
}

/** Messages before a run if a long-lived program is measured. */
export function warmUpFor({ mode, size }: Plan): number {
  if (isMemoryMode(mode) || mode === 'start' || mode === 'many-consumers') return 0;
  // The engine takes its time over what is called a thousand times a second.
  const isSlow = mode === 'declare-delete' || mode === 'request-reply';
  return isSlow ? Math.min(50_000, 4 * perRun(mode, size)) : Math.min(100_000, perRun(mode, size));
}

function perRun(mode: Mode, size: number): number {
  if (mode === 'declare-delete') return 3000;
  if (mode === 'many-consumers') return 100_000;
  // One at a time: it takes thousands until the code is compiled.
  if (mode === 'request-reply') return size <= 8 * kib ? 30_000 : size <= 64 * kib ? 3000 : 300;
  return size <= kib ? 200_000 : size <= 8 * kib ? 50_000 : size <= 64 * kib ? 6000 : size <= 256 * kib ? 1200 : 300;
}
