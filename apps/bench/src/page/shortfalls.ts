/** The section about where another client is faster. Its text is computed from the results. */
import type { DatedTable, Row } from '../results.ts';
import type { Draft } from './draft.ts';
import { compare, isC, isPeer, type Measure, measuresOf } from './measures.ts';
import { markdownTable, numberText, ratioText } from './text.ts';
import { modeTitles, pointText } from './words.ts';

export function addShortfalls({ tables, lines }: Draft): void {
  lines.push('## Where this client is not first', '');
  const behindPeers = shortfalls(tables, isPeer, ({ mode }) => measuresOf(mode));
  if (behindPeers.length === 0) {
    lines.push('Nowhere: in every table of this page it is first among the clients for JavaScript.', '');
  } else {
    lines.push(
      'All places where another client for JavaScript takes less. Less than 2 % is not counted, of resident memory less than 10 %.',
      '',
      markdownTable(['what', 'measure', 'this client', 'best other', 'ratio'], behindPeers),
      '',
    );
  }
  const behindC = shortfalls(tables, isC, ({ mode }) => [measuresOf(mode)[0]]);
  if (behindC.length > 0) {
    lines.push(
      'Where librabbitmq takes less CPU time:',
      '',
      markdownTable(['what', 'measure', 'this client', 'best other', 'ratio'], behindC),
      '',
    );
  }
}

function shortfalls(
  tables: readonly DatedTable[],
  isRival: (row: Row) => boolean,
  measures: (table: DatedTable) => readonly Measure[],
): string[][] {
  return tables.flatMap((table) =>
    measures(table).flatMap((measure) =>
      compare(table, measure, isRival)
        .filter(({ ratio }) => ratio > measure.tolerance)
        .map(({ own, best, values, ratio }) => [
          whatText(table, own),
          measure.name,
          numberText(values[0]),
          `${numberText(values[1])}, ${best.name}`,
          ratioText(ratio),
        ]),
    ),
  );
}

function whatText(table: DatedTable, { runtime, option }: Row): string {
  const place = table.topic === 'tls' ? 'TLS' : runtime;
  return [modeTitles[table.mode], pointText(table), place, option].filter(Boolean).join(', ');
}
