/** Turns a table into lines of text. */
import { ownRow, type Row, type Table } from './results.ts';

/** The lines: medians, and what this client takes of each other one's CPU time. */
export function report(table: Table): string[] {
  return table.rows.map((row) => {
    const { name, medians } = row;
    const { rate, cpuMicroseconds, rssBytes } = medians;
    return (
      `${name.padEnd(16)} ${rate.toFixed(0).padStart(8)}/s ${cpuMicroseconds.toFixed(2).padStart(9)} us CPU` +
      ` ${(rssBytes / 1_048_576).toFixed(0).padStart(5)} MiB${brokerText(row)}${latencyText(row)}${ratioText(table, row)}`
    );
  });
}

function brokerText({ medians: { brokerCpuMicroseconds: cpu } }: Row): string {
  return cpu === undefined ? '' : `  broker ${cpu.toFixed(2).padStart(6)} us`;
}

function latencyText({ medians }: Row): string {
  const { latencyMedianMicroseconds: half, latencyP99Microseconds: almostAll } = medians;
  if (half === undefined || almostAll === undefined) return '';
  return `  median ${half.toFixed(0).padStart(6)} us, p99 ${almostAll.toFixed(0).padStart(6)} us`;
}

function ratioText(table: Table, row: Row): string {
  const own = ownRow(table, row);
  if (row.role === 'own' || own === undefined) return '';
  return `  ${own.name} takes ${(own.medians.cpuMicroseconds / row.medians.cpuMicroseconds).toFixed(2)} of it`;
}
