/** Runs programs on two brokers and counts. Must not decide what is done about a difference. */
import { type Difference, difference, differenceText } from './compare.ts';
import type { Program } from './operation.ts';
import { Player } from './player.ts';
import type { StepReport } from './report.ts';
import type { Stage } from './seat.ts';

/** What the programs of all duels came to. */
export interface Tally {
  programs: number;
  operations: number;
  /** Programs that ended with messages of two senders in another order. */
  races: number;
  /** Programs that RabbitMQ itself did not do the same each time, and once as the embedded broker. */
  varying: number;
}

/** What a duel is fought with. */
export interface DuelOptions {
  /** Tells duels on the same brokers apart. */
  readonly lane: string;
  readonly tally: Tally;
  /** Told each program that RabbitMQ itself does now so, now so. */
  readonly onVarying?: ((text: string) => void) | undefined;
}

/** How often RabbitMQ runs a program again that it did not do as the embedded broker. */
const mostReplays = 40;

/** See the head of the file. */
export class Duel {
  private readonly real: Player;
  private readonly embedded: Player;
  private readonly lane: string;
  private readonly tally: Tally;
  private readonly onVarying: ((text: string) => void) | undefined;
  private fought = 0;

  private constructor(real: Player, embedded: Player, { lane, tally, onVarying }: DuelOptions) {
    this.real = real;
    this.embedded = embedded;
    this.lane = lane;
    this.tally = tally;
    this.onVarying = onVarying;
  }

  static async start(real: Stage, embedded: Stage, options: DuelOptions): Promise<Duel> {
    const { lane } = options;
    return new Duel(await Player.start(real, lane), await Player.start(embedded, lane), options);
  }

  /** @returns where the brokers part; races, and what RabbitMQ does now so, now so, are only counted. */
  async fight(program: Program): Promise<Difference | undefined> {
    const suffix = `-${this.lane}-${++this.fought}`;
    const embedded = await this.embedded.play(program, suffix);
    const real = await this.real.play(program, suffix, embedded);
    this.tally.programs++;
    this.tally.operations += Math.min(real.length, program.length);
    const found = difference(real, embedded);
    if (found === undefined) return undefined;
    if (found.kind === 'race') {
      this.tally.races++;
      return undefined;
    }
    const replays = await this.replaysUntilSame(program, found, neutralOf(embedded, suffix));
    if (replays === undefined) return found;
    this.tally.varying++;
    this.onVarying?.(`as embedded in replay ${replays}\n${differenceText(program, found)}`);
    return undefined;
  }

  /** How often RabbitMQ had to run it again until it did as the embedded broker; `undefined` where it never did. */
  private async replaysUntilSame(
    program: Program,
    { step }: Difference,
    embedded: (suffix: string) => readonly StepReport[],
  ): Promise<number | undefined> {
    for (let replay = 1; replay <= mostReplays; replay++) {
      const suffix = `-${this.lane}-${this.fought}r${replay}`;
      const again = embedded(suffix);
      const found = difference(await this.real.play(program, suffix, again), again);
      if (found === undefined || (found.kind === 'race' && found.step >= step)) return replay;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.real.stop(), this.embedded.stop()]);
  }
}

/** Reports of one run of a program, as they would be of a run of another suffix. */
function neutralOf(reports: readonly StepReport[], suffix: string): (other: string) => readonly StepReport[] {
  const rename = (lines: readonly string[], other: string): string[] =>
    lines.map((line) => line.replaceAll(suffix, other));
  return (other) =>
    reports.map(({ channels, queues }) => ({
      channels: channels.map(({ where, answers, deliveries }) => ({
        ...{ where, answers: rename(answers, other) },
        deliveries: rename(deliveries, other),
      })),
      queues: rename(queues, other),
    }));
}
