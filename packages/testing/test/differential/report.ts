/** What was heard in one step of a program, made ready to be compared. Must not compare. */
import { type Heard, lineOf } from '../raw-peer.ts';
import { neutral } from './names.ts';

/** What was heard on one channel in one step. */
export interface ChannelReport {
  /** `connection/channel`. */
  readonly where: string;
  /** Deliveries in their order. */
  readonly deliveries: readonly string[];
  /** Everything else in its order; confirms one by one. */
  readonly answers: readonly string[];
}

/** What a step brought about: on each channel, and in each queue that may be there. */
export interface StepReport {
  readonly channels: readonly ChannelReport[];
  readonly queues: readonly string[];
}

/** A report in lines, without what has to differ: the time of a death, and names of a broker's own choice. */
export function reportText({ channels, queues }: StepReport): string {
  const heard = channels.flatMap(({ where, answers, deliveries }) =>
    [...answers, ...deliveries].map((line) => `${where}: ${line}`),
  );
  return [...heard, ...queues].join('\n');
}

/** The state of each queue in a line. */
export function neutralStates(states: ReadonlyMap<string, string>): string[] {
  return Array.from(states, ([queue, state]) => `${neutral(queue)} ${state}`);
}

/**
 * Sorts what was heard by channel.
 *
 * @param confirmed the publishes of each channel that had their confirm before; those of now are added.
 */
export function channelReports(
  heard: readonly Heard[],
  connection: number,
  confirmed: ReadonlyMap<number, ReadonlySet<number>>,
): ChannelReport[] {
  const byChannel = new Map<number, { deliveries: string[]; answers: string[]; told: Set<number> }>();
  for (const each of heard) {
    const { channel, method } = each;
    const report = byChannel.get(channel) ?? {
      ...{ deliveries: [], answers: [] },
      told: new Set(confirmed.get(channel)),
    };
    byChannel.set(channel, report);
    if (method.type === 'basic.deliver') report.deliveries.push(timeless(lineOf(each)));
    else report.answers.push(...answersOf(each, report.told).map(timeless));
  }
  return [...byChannel]
    .sort(([a], [b]) => a - b)
    .map(([channel, { deliveries, answers }]) => ({ where: `${connection}/${channel}`, deliveries, answers }));
}

/** The publishes that a confirm speaks of and that had none yet. */
export function confirmsOf({ method }: Heard, told: ReadonlySet<number>): number[] {
  if (method.type !== 'basic.ack' && method.type !== 'basic.nack') return [];
  const tag = Number(method.deliveryTag);
  const all = method.multiple === true ? Array.from({ length: tag }, (_, at) => at + 1) : [tag];
  return all.filter((each) => !told.has(each));
}

/** One line for each confirm, so that it does not matter how many a broker tells at once. */
function answersOf(heard: Heard, told: Set<number>): string[] {
  const { method } = heard;
  if (method.type !== 'basic.ack' && method.type !== 'basic.nack') return [lineOf(heard)];
  const fresh = confirmsOf(heard, told);
  for (const each of fresh) told.add(each);
  return fresh.map((each) => `${method.type} ${each}`);
}

function timeless(line: string): string {
  return neutral(line).replaceAll(/"time":"[^"]*"/g, '"time":"…"');
}
