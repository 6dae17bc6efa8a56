/** The sections about what a client costs before it does anything: its start, and what things take that are kept. */
import { barChart } from './chart.ts';
import { addChart, type Draft, namesOf } from './draft.ts';
import { barsOf, measuresOf } from './measures.ts';
import { markdownTable, numberText } from './text.ts';
import { modeTexts, modeTitles } from './words.ts';

export function addStart(draft: Draft): void {
  const table = draft.tables.find(({ topic }) => topic === 'start');
  if (table === undefined) return;
  const measures = measuresOf(table.mode);
  draft.lines.push('## Start', '', modeTexts.start, '');
  addChart(draft, 'start', 'From the start of a process to its first confirmed message', (title) =>
    barChart(
      title,
      measures.map((measure) => ({ title: measure.name, bars: barsOf(table, measure) })),
    ),
  );
  const rows = table.rows.map((row) => [
    row.name,
    ...measures.map((measure) => numberText(measure.of(row) ?? Number.NaN)),
    numberText((row.medians.bundle?.bytes ?? Number.NaN) / 1000),
  ]);
  draft.lines.push(
    markdownTable(['', ...measures.map(({ name }) => name), 'bundle, kB'], rows),
    '',
    'The bundle is the program with all that it imports, in one minified file for Node, made by esbuild.',
    '',
  );
}

export function addMemory(draft: Draft): void {
  const tables = draft.tables.filter(({ topic }) => topic === 'memory');
  if (tables.length === 0) return;
  draft.lines.push('## Memory', '', 'Heap and buffers of one thing, after garbage was collected:', '');
  for (const { mode } of tables) draft.lines.push(`- ${modeTitles[mode]}: ${modeTexts[mode]}`);
  draft.lines.push('');
  addChart(draft, 'memory', 'Heap and buffers of one, bytes', (title) =>
    barChart(
      title,
      tables.map((table) => ({ title: modeTitles[table.mode], bars: barsOf(table, measuresOf(table.mode)[0]) })),
    ),
  );
  const rows = namesOf(tables).map((name) => [
    name,
    ...tables.map(({ rows }) => numberText(rows.find((row) => row.name === name)?.medians.heapBytes ?? Number.NaN)),
  ]);
  draft.lines.push(
    markdownTable(['bytes', ...tables.map(({ mode }) => modeTitles[mode])], rows),
    '',
    'The tables further up have the resident memory of the whole process at the end of each run, in MiB.',
    '',
  );
}
