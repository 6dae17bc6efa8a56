/** Finds where two brokers did not do the same. Must not run anything. */
import { connectionOf, endedConnections, Holders } from './holders.ts';
import type { Program } from './operation.ts';
import { type ChannelReport, reportText, type StepReport } from './report.ts';

/** The first step in which the brokers part. */
export interface Difference {
  /**
   * `race`: only the order differs in which messages or confirms of several queues reached one channel, or messages of
   * several senders (channels, and queues whose dead letters they are) one queue, which is open on RabbitMQ too; or, where a
   * connection ended, in which what its channels gave back came to others, or what was still given to itself. What follows
   * cannot be compared, because delivery tags and counts differ.
   *
   * `fault`: RabbitMQ has failed at it (541 INTERNAL_ERROR) and ended the connection; what it should have done is not to be seen.
   */
  readonly kind: 'difference' | 'race' | 'fault';
  readonly step: number;
  readonly real: string;
  readonly embedded: string;
}

/** @returns the first difference; `undefined` where there is none. A real report that is missing was not asked for. */
export function difference(real: readonly StepReport[], embedded: readonly StepReport[]): Difference | undefined {
  const holders = new Holders();
  for (const [step, report] of real.entries()) {
    const other = embedded[step];
    const [one, two] = [shown(report), shown(other)];
    holders.given(report);
    if (one !== two) return { kind: kindOf(report, other, holders), step, real: one, embedded: two };
    holders.forgetEnded(report);
  }
  return undefined;
}

/** A program in lines, up to a step. */
export function programText(program: Program, last: number): string {
  return program
    .slice(0, last + 1)
    .map(({ connection, channel, ...rest }, at) => `${at}: ${connection}/${channel} ${JSON.stringify(rest)}`)
    .join('\n');
}

/** A difference with the program that shows it. */
export function differenceText(program: Program, { step, real, embedded }: Difference): string {
  return `${programText(program, step)}\n--- RabbitMQ\n${real}\n--- embedded\n${embedded}`;
}

function shown(report: StepReport | undefined): string {
  return report === undefined ? 'nothing' : reportText(report);
}

function kindOf(real: StepReport, embedded: StepReport | undefined, holders: Holders): Difference['kind'] {
  if (embedded === undefined) return 'difference';
  if (hasFailed(real) && !hasFailed(embedded)) return 'fault';
  holders.given(embedded);
  return loose(real, holders) === loose(embedded, holders) ? 'race' : 'difference';
}

function hasFailed({ channels }: StepReport): boolean {
  return channels.some(({ answers }) => answers.some((line) => /^0 connection\.close \{"replyCode":541,/.test(line)));
}

/** The same for reports that differ in nothing but the order among senders. */
function loose({ channels, queues }: StepReport, holders: Holders): string {
  const ended = endedConnections(channels);
  const giverOf = (line: string): string => holders.giverOf(line, ended);
  const told = channels
    .map((each) => (ended.includes(connectionOf(each.where)) ? { ...each, deliveries: [] } : each))
    .filter(({ deliveries, answers }) => deliveries.length + answers.length > 0);
  return JSON.stringify([told.map((each) => looseChannel(each, giverOf)), bySender(queues)]);
}

/** The messages of each queue, or its state: each sender's in their order, where that among the senders is open. */
function bySender(lines: readonly string[]): string[] {
  const uncounted = lines.map((line) => line.replace(/"messageCount":\d+/, ''));
  return sorted(uncounted, (line) => `${line.split(/:? /)[0]} ${letterOf(line)}`);
}

/** The queue that a dead letter comes from; nothing where it is none. */
function letterOf(line: string): string {
  return /"x-death":\[\{[^[\]]*"queue":"([^"]*)"/.exec(line)?.[1] ?? '';
}

/** In the order of keys; what has the same key stays in its order. */
function sorted(lines: readonly string[], keyOf: (line: string) => string): string[] {
  const keyed = lines.map((line) => ({ line, key: keyOf(line) }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ line }) => line);
}

/**
 * What was heard on a channel, each sender's in its order: a queue's, that of the dead letters of another queue, and where a
 * connection ends that of each of its channels, which give back one after the other in an order that is open.
 */
function looseChannel({ where, deliveries, answers }: ChannelReport, giverOf: (line: string) => string): unknown {
  const untagged = deliveries.map((line) => line.replace(/"deliveryTag":\d+/, ''));
  const bySenders = sorted(untagged, (line) => `${consumerOf(line)} ${letterOf(line)} ${giverOf(line)}`);
  const confirms = answers.filter((line) => isConfirm(line)).toSorted();
  return [where, bySenders, confirms, answers.filter((line) => !isConfirm(line))];
}

function isConfirm(line: string): boolean {
  return /^basic\.n?ack \d/.test(line);
}

function consumerOf(line: string): string {
  return /"consumerTag":"([^"]*)"/.exec(line)?.[1] ?? '';
}
