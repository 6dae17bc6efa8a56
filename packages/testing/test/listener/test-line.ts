/** A line that keeps what is written to it. Holds no test. */
import type { Line } from '../../src/listener/line.ts';

/** A line that keeps what is written to it. */
export class TestLine implements Line {
  readonly name = 'test';
  bufferedBytes = 0;
  /** The bytes of each write. */
  readonly written: number[][] = [];
  mayGoOn = true;
  isEnded = false;
  isReset = false;
  private awaited = Number.POSITIVE_INFINITY;
  private arrived = (): void => {};

  write(chunks: readonly Uint8Array[]): boolean {
    this.written.push(chunks.flatMap((chunk) => [...chunk]));
    if (this.written.length >= this.awaited) this.arrived();
    return this.mayGoOn;
  }

  end(): void {
    this.isEnded = true;
  }

  reset(): void {
    this.isReset = true;
  }

  /** Resolves when so many writes have been made in all. */
  writes(count: number): Promise<void> {
    this.awaited = count;
    return new Promise((resolve) => {
      this.arrived = resolve;
      if (this.written.length >= count) resolve();
    });
  }
}
