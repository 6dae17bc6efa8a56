/**
 * Fights many duels at once, from seeds, and shrinks the programs that show a difference. Must not start brokers, nor say
 * what is wrong.
 */
import fc from 'fast-check';
import { type Difference, differenceText } from './compare.ts';
import { Duel, type Tally } from './duel.ts';
import type { Program } from './operation.ts';
import { programs } from './programs.ts';
import type { Stage } from './seat.ts';

/** What is to be fought. */
export interface CampaignOptions {
  readonly programs: number;
  readonly seed: number;
  /** Most steps of a program beyond its opening. */
  readonly steps: number;
  /** How many differences end it. */
  readonly mostDifferences: number;
  /** How long one program may be shrunk. */
  readonly shrinkMs: number;
  /** Makes the programs; by default of both kinds. */
  readonly make?: (maxSteps: number) => fc.Arbitrary<Program>;
  /** Told each difference, as soon as it is shrunk. */
  readonly onDifference?: (text: string) => void;
  /** Told each program that RabbitMQ itself does now so, now so. */
  readonly onVarying?: (text: string) => void;
  /** Told each program of which that is open, since the run was broken off. */
  readonly onUnfinished?: (text: string) => void;
  readonly onProgress?: (tally: Tally) => void;
}

/** Programs that come from one seed. */
const perSeed = 10;

/** Fights many duels at once, from seeds, and shrinks the programs that show a difference. */
export class Campaign {
  readonly tally: Tally = { programs: 0, operations: 0, races: 0, faults: 0, varying: 0, unfinished: 0 };
  readonly differences: string[] = [];
  private readonly real: readonly Stage[];
  private readonly embedded: readonly Stage[];
  private readonly options: CampaignOptions;
  private state: 'running' | 'ending' | 'broken off' = 'running';
  private readonly run = Date.now().toString(36);

  /** Programs run at the same time, one on each pair of stages. */
  constructor(real: readonly Stage[], embedded: readonly Stage[], options: CampaignOptions) {
    this.real = real;
    this.embedded = embedded;
    this.options = options;
  }

  /** The programs under way are the last; a difference of theirs is looked into to its end. */
  end(): void {
    if (this.state === 'running') this.state = 'ending';
  }

  /** The programs under way are the last, and nothing is run again. */
  breakOff(): void {
    this.state = 'broken off';
  }

  get isBrokenOff(): boolean {
    return this.state === 'broken off';
  }

  /** What has been done up to now, in a line. */
  get totals(): string {
    const { programs, operations, races, faults, varying, unfinished } = this.tally;
    const { length } = this.differences;
    return (
      `${programs} programs, ${operations} operations, ${races} ended by a race, ${faults} by a mistake of RabbitMQ, ` +
      `${varying} that RabbitMQ itself does now so, now so, ${length} differences` +
      (unfinished === 0 ? '' : `, ${unfinished} with an unfinished replay`)
    );
  }

  async fight(): Promise<void> {
    const { programs: total, seed } = this.options;
    const seeds = Array.from({ length: Math.ceil(total / perSeed) }, (_, at) => seed + at);
    await Promise.all(this.real.map((real, at) => this.lane(real, this.embedded[at], `${this.run}${at}`, seeds)));
  }

  private async lane(real: Stage, embedded: Stage | undefined, name: string, seeds: number[]): Promise<void> {
    if (embedded === undefined) return;
    const { mostDifferences, onProgress, onVarying, onUnfinished } = this.options;
    const isBrokenOff = (): boolean => this.isBrokenOff;
    const told = { onVarying, onUnfinished };
    const duel = await Duel.start(real, embedded, { lane: name, tally: this.tally, isBrokenOff, ...told });
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      if (this.state !== 'running' || this.differences.length >= mostDifferences) break;
      await this.fromSeed(duel, seed);
      onProgress?.(this.tally);
    }
    await duel.stop();
  }

  /** The programs of one seed; the first that shows a difference is shrunk, and ends it. */
  private async fromSeed(duel: Duel, seed: number): Promise<void> {
    const { steps, shrinkMs, onDifference, make = programs } = this.options;
    let giveUpAtMs = Number.POSITIVE_INFINITY;
    let lastFound: Difference | undefined;
    const property = fc.asyncProperty(make(steps), async (program) => {
      // What is not looked at any more counts as no smaller program.
      if (this.state !== 'running' || Date.now() > giveUpAtMs) return true;
      const verdict = await duel.fight(program);
      if (verdict.type !== 'difference') return true;
      lastFound = verdict.found;
      giveUpAtMs = Math.min(giveUpAtMs, Date.now() + shrinkMs);
      return false;
    });
    const result = await fc.check(property, { seed, numRuns: perSeed, endOnFailure: false });
    if (!result.failed) return;
    const [program] = result.counterexample ?? [];
    if (program === undefined || lastFound === undefined) {
      throw new Error(`a program of seed ${seed} could not be run`, { cause: result.errorInstance });
    }
    const told = await this.seenAgain(duel, program, lastFound);
    if (told === undefined) return;
    const text = `seed ${seed}, ${result.numShrinks} shrinks\n${told}`;
    this.differences.push(text);
    onDifference?.(text);
  }

  /**
   * Runs a program once more that has shown a difference.
   *
   * @param before what was seen of it.
   * @returns what to report of it; nothing if RabbitMQ now does as the embedded broker, so that it is none.
   */
  private async seenAgain(duel: Duel, program: Program, before: Difference): Promise<string | undefined> {
    if (this.isBrokenOff) return `${differenceText(program, before)}\nnot run again`;
    const verdict = await duel.fight(program);
    switch (verdict.type) {
      case 'difference':
        return differenceText(program, verdict.found);
      case 'unfinished':
        return `${differenceText(program, before)}\nnot run again to the end`;
      case 'varying':
        return undefined;
      case 'same':
      case 'race':
      case 'fault':
        duel.varies(program, before, 'when it was run once more');
        return undefined;
      default: {
        const never: never = verdict;
        return never;
      }
    }
  }
}
