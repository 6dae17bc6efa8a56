/** Runs programs, and shortens those that fail. */
import { programOf } from './made-up-program.ts';
import { play } from './player.ts';
import type { Program } from './steps.ts';

/** A program that failed, shortened, and why. */
export interface CampaignFailure extends Program {
  readonly wrong: readonly string[];
}

/** Plays the programs of these seeds. @returns the first that fail, shortened. */
export async function campaign(
  firstSeed: number,
  count: number,
  mostFailures = 3,
  mostTries = 200,
  isPrepared = false,
): Promise<CampaignFailure[]> {
  const failures: CampaignFailure[] = [];
  for (let seed = firstSeed; seed < firstSeed + count && failures.length < mostFailures; seed++) {
    const program = programOf(seed, isPrepared);
    const wrong = await play(program);
    if (wrong.length > 0) failures.push(await shortened(program, wrong, mostTries));
  }
  return failures;
}

/** Leaves out steps, in ever smaller pieces, as long as what is left still fails. */
export async function shortened(
  program: Program,
  wrong: readonly string[],
  mostTries: number,
): Promise<CampaignFailure> {
  let { steps } = program;
  let found = wrong;
  let tries = 0;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < steps.length && tries < mostTries; ) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      tries++;
      const stillWrong = await play({ ...program, steps: fewer });
      if (stillWrong.length > 0) {
        steps = fewer;
        found = stillWrong;
      } else {
        at += size;
      }
    }
  }
  return { ...program, steps, wrong: found };
}
