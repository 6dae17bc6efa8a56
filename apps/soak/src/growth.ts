/** Whether samples of a long run are level. Pure. */

/** What was in use at one moment, garbage collected before. */
export interface Sample {
  /** Operations done so far. */
  readonly done: number;
  /** JavaScript objects, in MiB. */
  readonly heapMiB: number;
  /** Bytes outside of the heap, those of array buffers among them, in MiB. */
  readonly externalMiB: number;
  /** Sockets, timers and the like that hold the process. */
  readonly handles: number;
}

/** What the last quarter may have more than the second; the first warms up. */
const toleratedMiB = 2;

/** What has grown, in words; nothing when all is level. */
export function growth(samples: readonly Sample[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return ['too few samples to tell'];
  const before = samples.slice(quarter, 2 * quarter);
  const after = samples.slice(-quarter);
  const complaints: string[] = [];
  const compare = (what: string, of: (sample: Sample) => number, tolerated: number): void => {
    // The least of each: whatever was under way at a sample only adds.
    const [least, last] = [Math.min(...before.map(of)), Math.min(...after.map(of))];
    if (last - least > tolerated) complaints.push(`${what} grew from ${least.toFixed(1)} to ${last.toFixed(1)}`);
  };
  compare('the heap (MiB)', ({ heapMiB }) => heapMiB, toleratedMiB);
  compare('memory outside of the heap (MiB)', ({ externalMiB }) => externalMiB, toleratedMiB);
  compare('the count of handles', ({ handles }) => handles, 0);
  return complaints;
}
