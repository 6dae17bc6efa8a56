/** Draws how far the jobs have come: one picture drawn over itself in a terminal, a few lines elsewhere. Must not count. */

const width = 40;

/** How many jobs are where. */
export interface Progress {
  readonly total: number;
  readonly running: number;
  /** At the broker, for their next attempt. */
  readonly waiting: number;
  readonly done: number;
  /** Attempts, not jobs. */
  readonly failed: number;
  readonly dead: number;
}

/** The picture, as lines of text. */
export function drawProgress({ total, running, waiting, done, failed, dead }: Progress): string[] {
  const bar = (count: number, sign: string): string => {
    const full = total === 0 ? width : Math.round((count / total) * width);
    return `[${sign.repeat(full)}${' '.repeat(width - full)}] ${String(count).padStart(String(total).length)}`;
  };
  return [
    `  running       ${bar(running, '>')}`,
    `  wait at the broker ${' '.repeat(Math.max(0, width - 3))}${String(waiting).padStart(String(total).length)}`,
    `  done          ${bar(done, '#')}`,
    `  dead letters  ${bar(dead, 'x')}`,
    `  ${failed} attempts have failed`,
  ];
}

/** Shows pictures one over the other. */
export class Screen {
  private readonly write: (text: string) => void;
  private readonly isTerminal: boolean;
  private drawnLines = 0;
  private shownQuarter = -1;

  constructor(write: (text: string) => void, isTerminal: boolean) {
    this.write = write;
    this.isTerminal = isTerminal;
  }

  /** Shows the current state. */
  show(progress: Progress): void {
    const { total, done, dead } = progress;
    const quarter = total === 0 ? 4 : Math.floor(((done + dead) / total) * 4);
    if (!this.isTerminal && quarter === this.shownQuarter) return;
    this.shownQuarter = quarter;
    const lines = drawProgress(progress);
    const up = this.isTerminal && this.drawnLines > 0 ? `\u001b[${this.drawnLines}A` : '';
    this.write(`${up}${lines.map((line) => (this.isTerminal ? `\u001b[2K${line}` : line)).join('\n')}\n`);
    this.drawnLines = lines.length;
  }
}
