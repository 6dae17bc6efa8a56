/** Inputs that once broke the codec: found by fuzzing, kept so that they never do again. */

/** One of them. */
export interface Crasher {
  readonly name: string;
  readonly kind: 'stream' | 'method' | 'table' | 'header';
  readonly hex: string;
}

/** The inputs. */
export const crashers: readonly Crasher[] = [];
