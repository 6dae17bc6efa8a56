/** Draws how far the lines have come: one picture drawn over itself in a terminal, a few lines elsewhere. Must not count. */

const width = 30;

/** How many lines have come how far. */
export interface Progress {
  readonly total: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly received: number;
}

/** The picture, as lines of text. */
export function drawProgress(progress: Progress): string[] {
  return [
    `  publisher  ${bar(progress.sent, progress.total)} sent`,
    `      |      ${bar(progress.confirmed, progress.total)} confirmed by the broker`,
    `      v      ${inQueue(progress)}`,
    `  consumer   ${bar(progress.received, progress.total)} received and acked`,
  ];
}

function bar(count: number, total: number): string {
  const full = total === 0 ? width : Math.floor((count / total) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${String(count).padStart(String(total).length)}`;
}

function inQueue({ sent, received }: Progress): string {
  return `( ${Math.max(0, sent - received)} on their way )`;
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

  /** Shows how it stands. */
  show(progress: Progress): void {
    const quarter = progress.total === 0 ? 4 : Math.floor((progress.received / progress.total) * 4);
    if (!this.isTerminal && quarter === this.shownQuarter) return;
    this.shownQuarter = quarter;
    const lines = drawProgress(progress);
    const up = this.isTerminal && this.drawnLines > 0 ? `\u001b[${this.drawnLines}A` : '';
    this.write(`${up}${lines.map((line) => (this.isTerminal ? `\u001b[2K${line}` : line)).join('\n')}\n`);
    this.drawnLines = lines.length;
  }
}
