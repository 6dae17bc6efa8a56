/** Runs programs on two brokers and counts. Must not decide what is done about a difference. */
import { type Difference, difference } from './compare.ts';
import type { Program } from './operation.ts';
import { Player } from './player.ts';
import type { Stage } from './seat.ts';

/** What the programs of all duels came to. */
export interface Tally {
  programs: number;
  operations: number;
  /** Programs that ended with messages of two queues in another order. */
  races: number;
}

/** See the head of the file. */
export class Duel {
  private readonly real: Player;
  private readonly embedded: Player;
  private readonly lane: string;
  private readonly tally: Tally;
  private fought = 0;

  private constructor(real: Player, embedded: Player, lane: string, tally: Tally) {
    this.real = real;
    this.embedded = embedded;
    this.lane = lane;
    this.tally = tally;
  }

  /** @param lane tells duels on the same brokers apart. */
  static async start(real: Stage, embedded: Stage, lane: string, tally: Tally): Promise<Duel> {
    return new Duel(await Player.start(real, lane), await Player.start(embedded, lane), lane, tally);
  }

  /** @returns where the brokers part; races are only counted. */
  async fight(program: Program): Promise<Difference | undefined> {
    const suffix = `-${this.lane}-${++this.fought}`;
    const embedded = await this.embedded.play(program, suffix);
    const real = await this.real.play(program, suffix, embedded);
    this.tally.programs++;
    this.tally.operations += real.length;
    const found = difference(real, embedded);
    if (found?.kind !== 'race') return found;
    this.tally.races++;
    return undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.real.stop(), this.embedded.stop()]);
  }
}
