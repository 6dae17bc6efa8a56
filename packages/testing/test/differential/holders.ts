/**
 * Who may hold which message, as far as reports show: the channels it was given to that are still there. Must not compare.
 * Messages are known by their bodies, which are different in one program.
 */
import type { StepReport } from './report.ts';

/** Who may hold which message, as far as reports show: the channels it was given to that are still there. */
export class Holders {
  private readonly channels = new Map<string, Set<string>>();

  /** Notes what was given to channels in a step. */
  given({ channels }: StepReport): void {
    for (const { where, deliveries, answers } of channels) {
      for (const line of [...deliveries, ...answers]) {
        if (/^\d+ basic\.(deliver|get-ok) /.test(line)) this.of(bodyOf(line)).add(where);
      }
    }
  }

  /** Forgets the channels that ended in a step. */
  forgetEnded({ channels }: StepReport): void {
    const connections = endedConnections(channels);
    const closed = channels.filter(({ answers }) => answers.some((line) => /^\d+ channel\.close/.test(line)));
    const isEnded = (where: string): boolean =>
      connections.includes(connectionOf(where)) || closed.some((each) => each.where === where);
    for (const held of this.channels.values()) {
      for (const where of held) if (isEnded(where)) held.delete(where);
    }
  }

  /**
   * Which channel of some connections gives a message back where they end.
   *
   * @returns nothing where none of them has had it, and the message itself where more than one may hold it.
   */
  giverOf(line: string, connections: readonly string[]): string {
    const body = bodyOf(line);
    const givers = [...this.of(body)].filter((where) => connections.includes(connectionOf(where)));
    return givers.length > 1 ? body : (givers[0] ?? '');
  }

  private of(body: string): Set<string> {
    const held = this.channels.get(body) ?? new Set();
    this.channels.set(body, held);
    return held;
  }
}

/** The connections that ended in a step. */
export function endedConnections(channels: StepReport['channels']): string[] {
  return channels.filter(({ answers }) => answers.includes('ended')).map(({ where }) => where);
}

/** The connection that a channel is on. */
export function connectionOf(where: string): string {
  return where.split('/')[0] ?? '';
}

function bodyOf(line: string): string {
  return /"([^"]*)"$/.exec(line)?.[1] ?? '';
}
