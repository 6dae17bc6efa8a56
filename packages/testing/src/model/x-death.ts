/**
 * The headers of dead letters, as RabbitMQ 3.10 writes them: `x-death` counts by queue and reason, the newest first.
 * Must not route. RabbitMQ: docs/dlx.
 */
import { decodeText, encodeText, hasRawOctets, int64, longString, type Tagged, timestamp } from '@puka/wire';
import { arrayOf, elementsOf, fieldsOf, tableOf } from './arguments.ts';
import { type Message, sortedFields, textsOf, withHeader } from './message.ts';
import type { DeathReason } from './queues/queue.ts';

type Fields = (readonly [string, Tagged])[];

/** Of which queue, why and when. */
export interface Death {
  readonly queue: string;
  readonly reason: DeathReason;
  readonly nowMs: number;
}

/** The headers that a message has once it is dead. */
export function headersOfDead(message: Message, death: Death): Fields {
  const { headers } = message;
  const before = headers.find(([name]) => name === 'x-death')?.[1];
  const event = eventOf(message, headers, death);
  if (before === undefined) return withFirstDeath(headers, message, death, event);
  const deaths = before.tag === 'A' ? groupedDeaths(elementsOf(before)) : [];
  const isSame = (entry: Tagged): boolean =>
    textOf(fieldsOf(entry), 'queue') === death.queue && textOf(fieldsOf(entry), 'reason') === death.reason;
  const known = deaths.find(isSame);
  const newest = known === undefined ? countedEvent(event, 1) : countedAgain(fieldsOf(known));
  const first = before.tag === 'A' ? sortedFields(newest) : newest;
  return withHeader(headers, 'x-death', arrayOf([tableOf(first), ...deaths.filter((entry) => !isSame(entry))]));
}

/**
 * Whether a dead letter has come full circle without a rejection: RabbitMQ drops it then.
 *
 * @param queue the queue that it would go to.
 */
export function isCycle(message: Message, queue: string): boolean {
  const deaths = elementsOf(message.headers.find(([name]) => name === 'x-death')?.[1]).map((entry) => fieldsOf(entry));
  const at = deaths.findIndex((fields) => textOf(fields, 'queue') === queue);
  return at >= 0 && deaths.slice(0, at + 1).every((fields) => textOf(fields, 'reason') !== 'rejected');
}

function withFirstDeath(headers: Fields, { exchange }: Message, { queue, reason }: Death, event: Fields): Fields {
  let all = withHeader(headers, 'x-first-death-reason', longString(reason));
  all = withHeader(all, 'x-first-death-queue', octets(queue));
  all = withHeader(all, 'x-first-death-exchange', octets(exchange));
  return withHeader(all, 'x-death', arrayOf([tableOf(countedEvent(event, 1))]));
}

function eventOf(message: Message, headers: Fields, { queue, reason, nowMs }: Death): Fields {
  const copies = ['CC', 'BCC'].flatMap((header) => textsOf(headers.find(([name]) => name === header)?.[1]));
  const routingKeys = [message.routingKey, ...copies].map(octets);
  // RabbitMQ 3.10: of a message that has been on disk this is forgotten.
  const expiration = message.isStored ? undefined : message.properties.expiration;
  return [
    ['reason', longString(reason)],
    ['queue', octets(queue)],
    ['time', timestamp(Math.floor(nowMs / 1000))],
    ['exchange', octets(message.exchange)],
    ['routing-keys', arrayOf(routingKeys)],
    ...(expiration === undefined ? [] : [['original-expiration', longString(expiration)] as const]),
  ];
}

function countedEvent(event: Fields, count: number): Fields {
  return [['count', int64(count)], ...event];
}

function countedAgain(event: Fields): Fields {
  const count = event.find(([name]) => name === 'count')?.[1].value;
  // Headers that another program has written may have any number there.
  if (typeof count !== 'number' || !Number.isSafeInteger(count + 1)) return countedEvent(event, 1);
  return event.map(([name, value]) => [name, name === 'count' ? int64(count + 1) : value] as const);
}

/** Brings entries of one queue and reason together, for headers that another program has written. The last come first. */
function groupedDeaths(deaths: readonly Tagged[]): Tagged[] {
  if (deaths.length < 2) return [...deaths];
  const grouped = new Map<string, { readonly entry: Tagged; count: number }>();
  for (const entry of deaths) {
    const fields = fieldsOf(entry);
    const key = `${textOf(fields, 'queue')}\0${textOf(fields, 'reason')}`;
    const known = grouped.get(key);
    if (known === undefined) grouped.set(key, { entry, count: 1 });
    else known.count++;
  }
  const entries = [...grouped.values()].map(({ entry, count }) => {
    const fields = fieldsOf(entry);
    return fields.some(([name]) => name === 'count') ? entry : tableOf(countedEvent(fields, count));
  });
  return entries.reverse();
}

function textOf(fields: Fields, name: string): unknown {
  const value = fields.find(([other]) => other === name)?.[1].value;
  return value instanceof Uint8Array ? decodeText(value) : value;
}

/** A name or a routing key, which need not be UTF-8. */
function octets(text: string): Tagged {
  return longString(hasRawOctets(text) ? encodeText(text) : text);
}
