/** Runs programs on two brokers at once and counts. Must not decide what is done about a difference. */
import { type Difference, difference } from './compare.ts';
import type { Program } from './operation.ts';
import { Player, type Stage } from './player.ts';

/** See the head of the file. */
export class Duel {
  programs = 0;
  operations = 0;
  races = 0;
  private readonly real: Stage;
  private readonly embedded: Stage;
  private readonly run = Date.now().toString(36);

  constructor(real: Stage, embedded: Stage) {
    this.real = real;
    this.embedded = embedded;
  }

  /** @returns where the brokers part; races are only counted. */
  async fight(program: Program): Promise<Difference | undefined> {
    const suffix = `-${this.run}-${++this.programs}`;
    this.operations += program.length;
    const [real, embedded] = await Promise.all(
      [this.real, this.embedded].map((stage) => new Player(stage, suffix).play(program)),
    );
    const found = difference(real ?? [], embedded ?? []);
    if (found?.kind !== 'race') return found;
    this.races++;
    return undefined;
  }
}
