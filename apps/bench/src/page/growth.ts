/** The section about what a message costs as the work grows. */
import type { DatedTable, Row } from '../results.ts';
import { type Line, lineChart } from './chart.ts';
import { addChart, type Draft, namesOf } from './draft.ts';
import { markdownTable, numberText, ratioText } from './text.ts';
import { modeTexts } from './words.ts';

const growths = [
  {
    topic: 'window',
    axis: 'unconfirmed publishes',
    title: 'Confirmed publish of 16 B, by the number of unconfirmed messages',
    pointOf: ({ window }: DatedTable): number => window,
  },
  {
    topic: 'consumers',
    axis: 'consumers',
    title: 'Messages of 16 B, by the number of consumers on one connection',
    pointOf: ({ consumers }: DatedTable): number => consumers,
  },
] as const;

export function addGrowth(draft: Draft): void {
  const { lines } = draft;
  const present = growths.filter(({ topic }) => draft.tables.some((table) => table.topic === topic));
  if (present.length === 0) return;
  lines.push('## Growth', '', 'CPU time of one message as the work grows. A client that scales has a level line.', '');
  for (const { topic, axis, title, pointOf } of present) {
    const tables = draft.tables.filter((table) => table.topic === topic);
    lines.push(`### ${title}`, '');
    if (topic === 'consumers') lines.push(modeTexts['many-consumers'], '');
    const all = namesOf(tables).map((name) => lineOf(name, tables, pointOf));
    addChart(draft, `growth-${topic}`, `${title}: CPU µs a message`, (text) => lineChart(text, axis, all));
    const rows = all.map(({ label, points }) => {
      const costs = points.map(([, cost]) => cost);
      return [label, ...costs.map(numberText), ratioText((costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN))];
    });
    lines.push(markdownTable([axis, ...tables.map((table) => numberText(pointOf(table))), 'last / first'], rows), '');
  }
}

/** Through the tables that have the contestant. */
function lineOf(name: string, tables: readonly DatedTable[], pointOf: (table: DatedTable) => number): Line {
  let role: Row['role'] = 'peer';
  const points = tables.flatMap((table) => {
    const row = table.rows.find((each) => each.name === name);
    if (row === undefined) return [];
    role = row.role;
    return [[pointOf(table), row.medians.cpuMicroseconds] as const];
  });
  return { label: name, role, points };
}
