/** Draws how far the lines have come, row by row. Must not write to a terminal, nor count. */
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import cliProgress from 'cli-progress';

/** How many lines have come how far. */
export interface Progress {
  readonly total: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly received: number;
}

/** One row of the picture. */
export interface Row {
  /** In front of the bar. */
  readonly label: string;
  /** After the bar. */
  readonly note: string;
  /** The same where the terminal is narrow. */
  readonly shortNote: string;
  readonly color: 'cyan' | 'green' | 'magenta' | 'dim';
  /** What the bar shows; a row without it has a text in place of the bar. */
  readonly count?: (progress: Progress) => number;
}

/** From the publisher at the top to the consumer at the bottom. */
export const rows: readonly Row[] = [
  { label: 'publisher', note: 'sent', shortNote: 'sent', color: 'cyan', count: ({ sent }) => sent },
  {
    ...{ label: '    |', note: 'confirmed by the broker', shortNote: 'confirmed', color: 'green' },
    count: ({ confirmed }) => confirmed,
  },
  { label: '    v', note: '', shortNote: '', color: 'dim' },
  {
    ...{ label: 'consumer', note: 'received and acked', shortNote: 'received', color: 'magenta' },
    count: ({ received }) => received,
  },
];

const labelWidth = 12;
const widestBar = 50;
const narrowestBar = 10;

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/**
 * One row, at most `columns - 1` characters wide: the last column stays free, so that no terminal breaks the line.
 *
 * @param output decides whether there is colour, with `NO_COLOR` and `FORCE_COLOR`.
 */
export function drawRow(row: Row, progress: Progress, columns: number, output: Output): string {
  const room = Math.max(0, columns - 1);
  const label = `  ${row.label}`.padEnd(labelWidth);
  const count = row.count?.(progress);
  if (count === undefined) {
    return paint(
      'dim',
      `${label} ( ${Math.max(0, progress.sent - progress.received)} on their way )`.slice(0, room),
      output,
    );
  }
  const number = String(count).padStart(String(progress.total).length);
  // All bars are as long as the widest row allows.
  const fixed = (note: string): number => `${label} [] ${number} ${note}`.length;
  const isNarrow = room - Math.max(...rows.map(({ note }) => fixed(note))) < narrowestBar;
  const notes = rows.map(({ note, shortNote }) => (isNarrow ? shortNote : note));
  const size = Math.min(widestBar, room - Math.max(...notes.map(fixed)));
  const note = isNarrow ? row.shortNote : row.note;
  if (size < 1) return `${label} ${number} ${note}`.slice(0, room);
  return `${label} [${paint(row.color, drawBar(count, progress.total, size), output)}] ${number} ${note}`;
}

/** The whole picture, for where nothing can be drawn over. */
export function drawPicture(progress: Progress, columns: number, output: Output): string[] {
  return rows.map((row) => drawRow(row, progress, columns, output));
}

function drawBar(count: number, total: number, size: number): string {
  const fraction = total === 0 ? 1 : count / total;
  return cliProgress.Format.BarFormat(fraction, {
    ...{ barsize: size, barCompleteString: '#'.repeat(size), barIncompleteString: '.'.repeat(size), barGlue: '' },
  });
}

function paint(color: Row['color'], text: string, output: Output): string {
  return styleText(color, text, { stream: output });
}
