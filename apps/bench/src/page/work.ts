/** The sections with a chart and a table for each mode: sizes side by side. */
import type { Mode } from '../job.ts';
import type { DatedTable, Row } from '../results.ts';
import type { Topic } from '../topics.ts';
import { barChart, type Panel } from './chart.ts';
import { addChart, type Draft, namesOf } from './draft.ts';
import { barsOf, compare, isC, isPeer, type Measure, measuresOf, residentMemory } from './measures.ts';
import { markdownTable, numberText, ratioText } from './text.ts';
import { modeTexts, modeTitles, pointText } from './words.ts';

const titles = {
  clients: ['Over TCP', ''],
  tls: ['Over TLS', ' over TLS'],
  runtimes: ['On each runtime', ' on each runtime'],
} as const;

export function addWork(draft: Draft, topic: Topic & keyof typeof titles): void {
  const tables = draft.tables.filter((table) => table.topic === topic);
  if (tables.length === 0) return;
  const [heading, behind] = titles[topic];
  draft.lines.push(`## ${heading}`, '');
  for (const mode of new Set(tables.map((table) => table.mode))) {
    const ofMode = tables.filter((table) => table.mode === mode);
    draft.lines.push(`### ${modeTitles[mode]}${behind}`, '');
    if (topic === 'clients') draft.lines.push(modeTexts[mode], '');
    const name = topic === 'clients' ? mode : `${topic}-${mode}`;
    const measures = drawnMeasures(mode);
    const title = `${modeTitles[mode]}${behind}: ${measures.map((measure) => measure.name).join(', and ')}`;
    addChart(draft, name, title, (text) => barChart(text, panelsOf(ofMode, measures)));
    draft.lines.push(workTable(ofMode), '');
  }
}

/** All but memory. */
function drawnMeasures(mode: Mode): Measure[] {
  return measuresOf(mode).filter((measure) => measure !== residentMemory);
}

/** A panel for each table by each measure. */
function panelsOf(tables: readonly DatedTable[], measures: readonly Measure[]): Panel[] {
  return measures.flatMap((measure, index) =>
    tables.map((table) => ({
      title: [pointText(table), index === 0 ? '' : measure.name].filter(Boolean).join(', '),
      bars: barsOf(table, measure),
    })),
  );
}

/** A row for each contestant, a column for each size; below, what this client takes of the best other one and of C. */
function workTable(tables: readonly DatedTable[]): string {
  const rows = namesOf(tables).map((name) => [
    name,
    ...tables.map(({ rows }) => {
      const row = rows.find((each) => each.name === name);
      return row === undefined ? '' : cellText(row);
    }),
  ]);
  return markdownTable(
    ['', ...tables.map((table) => pointText(table) || 'each')],
    [
      ...rows,
      ...ratioRow('CPU: this client / best other', tables, isPeer),
      ...ratioRow('CPU: this client / librabbitmq', tables, isC),
      ['in a run', ...tables.map(({ count }) => numberText(count))],
    ],
  );
}

/** @returns no row if there is no client to compare with. */
function ratioRow(title: string, tables: readonly DatedTable[], isRival: (row: Row) => boolean): string[][] {
  const cells = tables.map((table) =>
    compare(table, measuresOf(table.mode)[0], isRival)
      .map(({ own, ratio }) => `${own.runtime ?? own.option ?? ''} **${ratioText(ratio)}**`.trimStart())
      .join('<br>'),
  );
  return cells.every((cell) => cell === '') ? [] : [[title, ...cells]];
}

function cellText({ medians }: Row): string {
  const { cpuMicroseconds, rate, rssBytes, brokerCpuMicroseconds: brokerCpu } = medians;
  const { latencyMedianMicroseconds: half, latencyP99Microseconds: almostAll } = medians;
  return [
    `${numberText(cpuMicroseconds)} µs`,
    `${numberText(rate)}/s`,
    `${numberText(rssBytes / 1_048_576)} MiB`,
    half === undefined || almostAll === undefined
      ? undefined
      : `latency ${numberText(half)} µs, p99 ${numberText(almostAll)} µs`,
    brokerCpu === undefined ? undefined : `broker ${numberText(brokerCpu)} µs`,
  ]
    .filter((part) => part !== undefined)
    .join('<br>');
}
