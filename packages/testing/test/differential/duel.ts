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
  /** Programs that ended with a mistake of RabbitMQ's own. */
  faults: number;
  /** Programs that RabbitMQ itself did not do the same each time, and once as the embedded broker. */
  varying: number;
  /** Programs with a difference that RabbitMQ was still running again when the run was broken off. */
  unfinished: number;
}

/** What a duel is fought with. */
export interface DuelOptions {
  /** Distinguishes duels on the same brokers. */
  readonly lane: string;
  readonly tally: Tally;
  /** Told each program that RabbitMQ itself does now so, now so. */
  readonly onVarying?: ((text: string) => void) | undefined;
  /** Told each program of which it is open whether RabbitMQ does it now so, now so. */
  readonly onUnfinished?: ((text: string) => void) | undefined;
  /** Whether to run nothing again any more. */
  readonly isBrokenOff: () => boolean;
}

/**
 * What a program has shown: that both do the same, but for an order that is open, or as far as RabbitMQ could do it; that
 * RabbitMQ itself does now so, now so; a difference; or one of which it is not known whether RabbitMQ always does so.
 */
export type Verdict = { readonly type: 'same' | 'race' | 'fault' | 'varying' | 'unfinished' } | Refuted;

interface Refuted {
  readonly type: 'difference';
  readonly found: Difference;
}

/** What came of running a program again: RabbitMQ did it as the embedded broker, in no run, or that is not known. */
interface Replay {
  readonly outcome: 'same' | 'never' | 'unfinished';
  readonly runs: number;
}

/** How often RabbitMQ runs a program again that it did not do as the embedded broker. */
const mostReplays = 40;

/** Runs programs on two brokers and counts. */
export class Duel {
  private readonly real: Player;
  private readonly embedded: Player;
  private readonly options: DuelOptions;
  private fought = 0;

  private constructor(real: Player, embedded: Player, options: DuelOptions) {
    this.real = real;
    this.embedded = embedded;
    this.options = options;
  }

  static async start(real: Stage, embedded: Stage, options: DuelOptions): Promise<Duel> {
    const { lane } = options;
    return new Duel(await Player.start(real, lane), await Player.start(embedded, lane), options);
  }

  /** Runs a program on both, and on RabbitMQ again where they part. */
  async fight(program: Program): Promise<Verdict> {
    const { lane, tally } = this.options;
    const suffix = `-${lane}-${++this.fought}`;
    const embedded = await this.embedded.play(program, suffix);
    const real = await this.real.play(program, suffix, { expected: embedded });
    tally.programs++;
    tally.operations += Math.min(real.length, program.length);
    const found = difference(real, embedded);
    if (found === undefined) return { type: 'same' };
    if (found.kind === 'race') {
      tally.races++;
      return { type: 'race' };
    }
    if (found.kind === 'fault') {
      tally.faults++;
      return { type: 'fault' };
    }
    const { outcome, runs } = await this.replay(program, found, neutralOf(embedded, suffix));
    if (outcome === 'never') return { type: 'difference', found };
    if (outcome === 'same') return this.varies(program, found, `in replay ${runs}`);
    tally.unfinished++;
    const how = `unfinished replay: in ${runs} of ${mostReplays} not as embedded`;
    this.options.onUnfinished?.(`${how}\n${differenceText(program, found)}`);
    return { type: 'unfinished' };
  }

  /** Counts and reports a program that RabbitMQ has once done as the embedded broker, and once not. */
  varies(program: Program, found: Difference, when: string): Verdict {
    this.options.tally.varying++;
    this.options.onVarying?.(`as embedded ${when}\n${differenceText(program, found)}`);
    return { type: 'varying' };
  }

  /** Lets RabbitMQ run a program again, fast and slowly in turn, until it does as the embedded broker. */
  private async replay(
    program: Program,
    { step }: Difference,
    embedded: (suffix: string) => readonly StepReport[],
  ): Promise<Replay> {
    const { lane, isBrokenOff } = this.options;
    for (let runs = 1; runs <= mostReplays; runs++) {
      if (isBrokenOff()) return { outcome: 'unfinished', runs: runs - 1 };
      const suffix = `-${lane}-${this.fought}r${runs}`;
      const again = embedded(suffix);
      const pace = runs % 2 === 0 ? 'slow' : 'fast';
      const found = difference(await this.real.play(program, suffix, { expected: again, pace }), again);
      if (found === undefined || (found.kind === 'race' && found.step >= step)) return { outcome: 'same', runs };
    }
    return { outcome: 'never', runs: mostReplays };
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
