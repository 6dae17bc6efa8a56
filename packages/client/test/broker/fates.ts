/** What became of publishes, for tests that compare many. Must not publish. */
import { isPukaError } from '@puka/client';

/** What becomes of a publish: `confirmed`, or the code of its error. */
export async function fateOf(publish: PromiseLike<void>): Promise<string> {
  try {
    await publish;
    return 'confirmed';
  } catch (error) {
    return isPukaError(error) ? error.code : String(error);
  }
}

/** What becomes of each. */
export function fatesOf(publishes: readonly PromiseLike<void>[]): Promise<string[]> {
  return Promise.all(publishes.map(fateOf));
}

/** Where they are not as wanted: the first few, for thousands are compared. */
export function surprises(fates: readonly string[], wanted: readonly string[]): string[] {
  if (fates.length !== wanted.length) return [`${fates.length} fates, not ${wanted.length}`];
  return fates.flatMap((fate, at) => (fate === wanted[at] ? [] : [`${at}: ${fate}, not ${wanted[at]}`])).slice(0, 10);
}
