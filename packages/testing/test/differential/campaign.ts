/**
 * Fights many duels at once, from seeds, and shrinks the programs that show a difference. Must not start brokers, nor say
 * what is wrong.
 */
import fc from 'fast-check';
import { programText } from './compare.ts';
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
  /** How many programs run at the same time. */
  readonly lanes: number;
  /** How many differences end it. */
  readonly mostDifferences: number;
  /** How long one program may be shrunk. */
  readonly shrinkMs: number;
  /** Told each difference, as soon as it is shrunk. */
  readonly onDifference?: (text: string) => void;
  readonly onProgress?: (tally: Tally) => void;
}

/** Programs that come from one seed. */
const perSeed = 20;

/** See the head of the file. */
export class Campaign {
  readonly tally: Tally = { programs: 0, operations: 0, races: 0 };
  readonly differences: string[] = [];
  private readonly real: Stage;
  private readonly embedded: Stage;
  private readonly options: CampaignOptions;
  private readonly run = Date.now().toString(36);

  constructor(real: Stage, embedded: Stage, options: CampaignOptions) {
    this.real = real;
    this.embedded = embedded;
    this.options = options;
  }

  async fight(): Promise<void> {
    const { programs: total, lanes, seed } = this.options;
    const seeds = Array.from({ length: Math.ceil(total / perSeed) }, (_, at) => seed + at);
    await Promise.all(Array.from({ length: lanes }, (_, at) => this.lane(`${this.run}${at}`, seeds)));
  }

  private async lane(name: string, seeds: number[]): Promise<void> {
    const duel = await Duel.start(this.real, this.embedded, name, this.tally);
    const { mostDifferences, onProgress } = this.options;
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      if (this.differences.length >= mostDifferences) break;
      await this.fromSeed(duel, seed);
      onProgress?.(this.tally);
    }
    await duel.stop();
  }

  /** The programs of one seed; the first that shows a difference is shrunk, and ends it. */
  private async fromSeed(duel: Duel, seed: number): Promise<void> {
    const { steps, shrinkMs, onDifference } = this.options;
    const property = fc.asyncProperty(programs(steps), async (program) => (await duel.fight(program)) === undefined);
    const limits = { numRuns: perSeed, interruptAfterTimeLimit: shrinkMs };
    const result = await fc.check(property, { ...limits, seed, endOnFailure: false });
    if (!result.failed) return;
    const [program] = result.counterexample ?? [];
    const text =
      program === undefined
        ? `seed ${seed}: ${String(result.errorInstance)}`
        : `seed ${seed}, ${result.numShrinks} shrinks\n${await told(duel, program)}`;
    this.differences.push(text);
    onDifference?.(text);
  }
}

/** A difference with the program that shows it. */
async function told(duel: Duel, program: Program): Promise<string> {
  const found = await duel.fight(program);
  if (found === undefined) return `${programText(program, program.length)}\nnot seen again`;
  const { step, real, embedded } = found;
  return `${programText(program, step)}\n--- RabbitMQ\n${real}\n--- embedded\n${embedded}`;
}
