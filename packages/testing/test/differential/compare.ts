/** Finds where two brokers did not do the same. Must not run anything. */
import type { Program } from './operation.ts';
import { type ChannelReport, reportText, type StepReport } from './report.ts';

/** The first step in which the brokers part. */
export interface Difference {
  /**
   * `race`: only the order differs in which messages of several queues, or confirms of several queues, reached one channel,
   * which is open on RabbitMQ too; or what was still given to a connection that has just ended, whose channels end one after
   * the other there. What follows cannot be compared, for delivery tags and counts differ.
   */
  readonly kind: 'difference' | 'race';
  readonly step: number;
  readonly real: string;
  readonly embedded: string;
}

/** @returns the first difference; `undefined` where there is none. A real report that is missing was not asked for. */
export function difference(real: readonly StepReport[], embedded: readonly StepReport[]): Difference | undefined {
  for (const [step, report] of real.entries()) {
    const [one, other] = [shown(report), shown(embedded[step])];
    if (one === other) continue;
    const isRace = loose(report) === loose(embedded[step]);
    return { kind: isRace ? 'race' : 'difference', step, real: one, embedded: other };
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

function shown(report: StepReport | undefined): string {
  return report === undefined ? 'nothing' : reportText(report);
}

/** The same for reports that differ in nothing but the order among queues. */
function loose(report: StepReport | undefined): string {
  if (report === undefined) return 'nothing';
  const ended = report.channels.filter(({ answers }) => answers.includes('ended')).map(({ where }) => where);
  const channels = report.channels.map((each) =>
    ended.includes(each.where.split('/')[0] ?? '') ? { ...each, deliveries: [] } : each,
  );
  const told = channels.filter(({ deliveries, answers }) => deliveries.length + answers.length > 0);
  return JSON.stringify([told.map(looseChannel), report.queues]);
}

function looseChannel({ where, deliveries, answers }: ChannelReport): unknown {
  const untagged = deliveries.map((line) => line.replace(/"deliveryTag":\d+/, ''));
  const byConsumer = untagged.toSorted((a, b) =>
    consumerOf(a) < consumerOf(b) ? -1 : consumerOf(a) > consumerOf(b) ? 1 : 0,
  );
  const confirms = answers.filter((line) => isConfirm(line)).toSorted();
  return [where, byConsumer, confirms, answers.filter((line) => !isConfirm(line))];
}

function isConfirm(line: string): boolean {
  return /^basic\.n?ack \d/.test(line);
}

function consumerOf(line: string): string {
  return /"consumerTag":"([^"]*)"/.exec(line)?.[1] ?? '';
}
