/** What is compared: each measure of a table, as a number of which less is better. Must not draw. */
import type { Mode } from '../job.ts';
import type { DatedTable, Row } from '../results.ts';
import type { Bar } from './chart.ts';

/** One thing that was measured of each contestant. */
export interface Measure {
  /** With the unit: `CPU, µs`. */
  readonly name: string;
  /** Less is better; `undefined` where it was not measured. */
  of(row: Row): number | undefined;
  /** The ratio to the best client from which this client counts as slower. A smaller difference is noise. */
  readonly tolerance: number;
}

const cpu: Measure = { name: 'CPU, µs', of: ({ medians }) => medians.cpuMicroseconds, tolerance: 1.02 };
const latency: Measure = {
  name: 'median latency, µs',
  of: ({ medians }) => medians.latencyMedianMicroseconds,
  tolerance: 1.02,
};
export const residentMemory: Measure = {
  name: 'resident memory, MiB',
  of: ({ medians }) => medians.rssBytes / 1_048_576,
  tolerance: 1.1,
};
const heap: Measure = { name: 'heap and buffers, bytes', of: ({ medians }) => medians.heapBytes, tolerance: 1.02 };

const start: readonly [Measure, ...Measure[]] = [
  { name: 'time, ms', of: ({ medians }) => 1000 / medians.rate, tolerance: 1.02 },
  { name: 'CPU, ms', of: ({ medians }) => medians.cpuMicroseconds / 1000, tolerance: 1.02 },
  {
    name: 'CPU from import, ms',
    of: ({ medians }) => medians.fromImport && medians.fromImport.cpuMicroseconds / 1000,
    tolerance: 1.02,
  },
  {
    name: 'bundle, gzipped, kB',
    of: ({ medians }) => medians.bundle && medians.bundle.gzipBytes / 1000,
    tolerance: 1.02,
  },
];

/** The measures of a mode; the first is the one that is drawn. */
export function measuresOf(mode: Mode): readonly [Measure, ...Measure[]] {
  switch (mode) {
    case 'start':
      return start;
    case 'idle-client':
    case 'idle-consumer':
    case 'held-message':
    case 'open-publish':
    case 'waiting-declare':
      return [heap];
    case 'request-reply':
      return [cpu, latency, residentMemory];
    default:
      return [cpu, residentMemory];
  }
}

export function barsOf({ rows }: DatedTable, measure: Measure): Bar[] {
  return rows.flatMap((row) => {
    const value = measure.of(row);
    return value === undefined ? [] : [{ label: row.name, role: row.role, value }];
  });
}

/** This client beside the best of those that it is compared with. */
export interface Comparison {
  readonly own: Row;
  readonly best: Row;
  /** Of this client's number and the other one's. */
  readonly values: readonly [own: number, best: number];
  readonly ratio: number;
}

/** A comparison for each runtime. @param isRival whom this client is compared with. */
export function compare(table: DatedTable, measure: Measure, isRival: (row: Row) => boolean): Comparison[] {
  return table.rows
    .filter(({ role }) => role === 'own')
    .flatMap((own) => {
      const value = measure.of(own);
      const rivals = table.rows
        .filter((row) => isRival(row) && row.runtime === own.runtime)
        .flatMap((row) => {
          const other = measure.of(row);
          return other === undefined ? [] : [{ row, other }];
        })
        .sort((one, another) => one.other - another.other);
      const [best] = rivals;
      if (value === undefined || best === undefined) return [];
      return [{ own, best: best.row, values: [value, best.other] as const, ratio: value / best.other }];
    });
}

export function isPeer({ role }: Row): boolean {
  return role === 'peer';
}

export function isC({ name }: Row): boolean {
  return name === 'librabbitmq (C)';
}
