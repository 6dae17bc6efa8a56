/** Where a consumer of a stream wants to begin: the argument `x-stream-offset`. Must not read a stream. RabbitMQ: docs/streams. */
import type { Arguments } from '../arguments.ts';

/** The first or the last there is, what comes from now on, from a number on, or from a time on. */
export type StreamOffset =
  | { readonly type: 'first' | 'last' | 'next' }
  | { readonly type: 'number'; readonly offset: number }
  | { readonly type: 'time'; readonly sinceMs: number };

const unitMs: Readonly<Record<string, number>> = {
  Y: 365 * 86_400_000,
  M: 30 * 86_400_000,
  D: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
};

/** @returns `undefined` for what is none. RabbitMQ: without the argument it is `next`. */
export function streamOffset(args: Arguments, nowMs: number): StreamOffset | undefined {
  const field = args.get('x-stream-offset');
  if (field === undefined) return { type: 'next' };
  const { tag, value } = field;
  if (value === 'first' || value === 'last' || value === 'next') return { type: value };
  if (tag === 'T') return { type: 'time', sinceMs: Number(value) * 1000 };
  if (tag === 'S') return sinceAge(String(value), nowMs);
  return typeof value === 'number' || typeof value === 'bigint' ? { type: 'number', offset: Number(value) } : undefined;
}

/** RabbitMQ: an age such as `2h` means the time so long ago. */
function sinceAge(text: string, nowMs: number): StreamOffset | undefined {
  const [, count, unit = ''] = /^(\d+)([YMDhms])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  return ms === undefined || Number(count) === 0 ? undefined : { type: 'time', sinceMs: nowMs - Number(count) * ms };
}
