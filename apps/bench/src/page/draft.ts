/** The page while it is being written, piece by piece. */
import type { DatedTable } from '../results.ts';

export interface Draft {
  readonly tables: readonly DatedTable[];
  readonly lines: string[];
  /** Texts of the charts by their paths from the root of the repository. */
  readonly charts: Map<string, string>;
}

/** @param draw makes the chart, given its title. */
export function addChart({ lines, charts }: Draft, name: string, title: string, draw: (title: string) => string): void {
  charts.set(`docs/performance/${name}.svg`, draw(title));
  lines.push(`![${title}](performance/${name}.svg)`, '');
}

/** Names of the contestants, in the order of the tables. */
export function namesOf(tables: readonly DatedTable[]): string[] {
  return [...new Set(tables.flatMap(({ rows }) => rows.map(({ name }) => name)))];
}
