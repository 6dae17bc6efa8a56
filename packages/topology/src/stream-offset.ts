/** Where a consumer of a stream begins. Must not consume. RabbitMQ: docs/streams#consuming. */
import { type FieldTableInput, int64 } from '@puka/client';
import { UsageError } from '@puka/errors';
import { isDate } from './any-realm.ts';
import { shown } from './ranges.ts';

/** A number that is not 0 and a unit, as RabbitMQ reads it: years, months, days, hours, minutes, seconds. */
export const intervalPattern: RegExp = /^0*[1-9]\d*[YMDhms]$/;
const longestOffset = 2n ** 63n - 1n;

/** A length of time, such as `2h` or `30m`. */
export type Interval = `${number}${'Y' | 'M' | 'D' | 'h' | 'm' | 's'}`;

/**
 * A place in a stream: its `first` message that is still there, its `last` chunk, what comes from now on (`next`), the message
 * of a number, the chunk of a time (`Date`), or that of so long ago (`'2h'`). RabbitMQ keeps times by the second and finds
 * chunks by them, so messages somewhat older come too.
 */
export type StreamOffset = 'first' | 'last' | 'next' | number | bigint | Date | Interval;

/**
 * The argument by which `basicConsume` begins at that place of a stream. Without it a consumer begins with `next`.
 *
 * @param from see {@link StreamOffset}. Numbers from 0 to 2^63 − 1.
 * @throws {UsageError} for what is no place in a stream.
 * @example
 * ```ts
 * import type { Client } from '@puka/client';
 * import { streamOffset } from '@puka/topology';
 *
 * async function replay(client: Client): Promise<void> {
 *   const begin = streamOffset('2h');
 *   for await (const event of client.basicConsume({ queue: 'audit', prefetchCount: 100, arguments: begin })) event.ack();
 * }
 * ```
 */
export function streamOffset(from: StreamOffset): FieldTableInput {
  return { 'x-stream-offset': offsetValue(from) };
}

function offsetValue(from: StreamOffset): string | Date | ReturnType<typeof int64> {
  if (from === 'first' || from === 'last' || from === 'next') return from;
  if (typeof from === 'string' && intervalPattern.test(from)) return from;
  if (isDate(from) && from.getTime() >= 0) return from; // The time of an invalid date is NaN, which fails this check.
  const isOffset = typeof from === 'bigint' ? from >= 0n && from <= longestOffset : isCount(from);
  if (isOffset) return int64(BigInt(from as number | bigint)); // Checked on the line above.
  throw new UsageError(
    `offset of a stream is ${isDate(from) ? 'an invalid or early date' : shown(from)}; it takes 'first', 'last', ` +
      "'next', an integer from 0, a Date since 1970, or a number and one of Y M D h m s, as '2h'",
  );
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
