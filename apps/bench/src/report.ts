/** Turns a table into lines of text. */
import { ownRow, type Row, type Table } from './results.ts';

/** The lines: what was measured, medians, and what this client takes of each other one's CPU time, or memory. */
export function report(table: Table): string[] {
  const { topic, mode, size, window, consumers, count } = table;
  const what = `${topic}: ${mode}, ${size} B, window ${window}, consumers ${consumers}, ${count} times`;
  return [`${what}, median of ${table.rounds}`, ...table.rows.map((row) => rowText(table, row))];
}

function rowText(table: Table, row: Row): string {
  const { rate, rssBytes, heapBytes, brokerCpuMicroseconds: brokerCpu, bundle, fromImport } = row.medians;
  const { latencyMedianMicroseconds: half, latencyP99Microseconds: almostAll } = row.medians;
  const cells = [
    row.name.padEnd(16),
    table.mode === 'start' ? `${(1000 / rate).toFixed(0).padStart(6)} ms` : `${rate.toFixed(0).padStart(8)}/s`,
    `${row.medians.cpuMicroseconds.toFixed(2).padStart(9)} us CPU`,
    fromImport && `from import ${(fromImport.cpuMicroseconds / 1000).toFixed(0)} ms CPU`,
    bundle && `bundle ${(bundle.gzipBytes / 1000).toFixed(1)} kB gzipped`,
    heapBytes === undefined
      ? `${(rssBytes / 1_048_576).toFixed(0).padStart(5)} MiB`
      : `${heapBytes.toFixed(0).padStart(6)} B heap`,
    brokerCpu !== undefined && `broker ${brokerCpu.toFixed(2).padStart(6)} us`,
    half !== undefined && `median ${half.toFixed(0).padStart(6)} us, p99 ${almostAll?.toFixed(0).padStart(6)} us`,
    ratioText(table, row),
  ];
  return cells.filter(Boolean).join('  ');
}

function ratioText(table: Table, row: Row): string | undefined {
  const own = ownRow(table, row);
  if (row.role === 'own' || own === undefined) return undefined;
  const cost = ({ medians: { heapBytes, cpuMicroseconds } }: Row): number => heapBytes ?? cpuMicroseconds;
  return `${own.name} takes ${(cost(own) / cost(row)).toFixed(2)} of it`;
}
