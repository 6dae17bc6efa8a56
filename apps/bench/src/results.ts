/** The results of a run of the program, as they are kept: medians, and what they were measured on. Must not touch files. */
import type { Contestant } from './contestants.ts';
import type { Figures, Job } from './job.ts';
import type { Machine } from './machine.ts';
import { median, quantile } from './statistics.ts';
import { isPlanned, keyOf, type Plan, type Topic } from './topics.ts';

/** Medians over the rounds; what was not measured is left out. */
export interface Medians {
  /** A second. */
  readonly rate: number;
  /** Of one message, or whatever the mode counts. */
  readonly cpuMicroseconds: number;
  readonly rssBytes: number;
  readonly brokerCpuMicroseconds?: number;
  /** Over the requests of all rounds. */
  readonly latencyMedianMicroseconds?: number;
  readonly latencyP99Microseconds?: number;
  /** Heap and buffers of one. */
  readonly heapBytes?: number;
  /** `start`: without the start of the runtime itself. */
  readonly fromImport?: { readonly seconds: number; readonly cpuMicroseconds: number };
  readonly bundle?: { readonly bytes: number; readonly gzipBytes: number };
}

/** One contestant in one table. */
export interface Row extends Pick<Contestant, 'name' | 'role' | 'option' | 'runtime'> {
  readonly medians: Medians;
}

/** All contestants in one mode, measured side by side. */
export interface Table extends Plan {
  readonly topic: Topic;
  readonly count: number;
  readonly rounds: number;
  readonly rows: readonly Row[];
}

/** One run of the program. */
export interface Results {
  /** When it ended, as ISO 8601 has it, in UTC. */
  readonly date: string;
  readonly machine: Machine;
  readonly tables: readonly Table[];
}

/** A table with what it was measured on. */
export interface DatedTable extends Table {
  readonly date: string;
  readonly machine: Machine;
}

/** Makes the table out of the runs of each contestant. */
export function tableOf(topic: Topic, job: Job, runs: ReadonlyMap<Contestant, readonly Figures[]>): Table {
  const { mode, size, window, consumers, count } = job;
  const rows = [...runs].map(([{ name, role, option, runtime }, figures]) => ({
    name,
    role,
    ...(option === undefined ? {} : { option }),
    ...(runtime === undefined ? {} : { runtime }),
    medians: mediansOf(job, figures),
  }));
  const rounds = Math.max(0, ...[...runs.values()].map(({ length }) => length));
  return { topic, mode, size, window, consumers, count, rounds, rows };
}

function mediansOf({ count }: Job, runs: readonly Figures[]): Medians {
  const latencies = runs.flatMap((run) => run.latencies ?? []);
  const brokerCpu = runs.flatMap((run) => run.brokerCpuMicroseconds ?? []);
  const heap = runs.flatMap((run) => run.heapBytes ?? []);
  const imports = runs.flatMap((run) => run.fromImport ?? []);
  const bundle = runs[0]?.bundle;
  return {
    rate: rounded(median(runs.map(({ seconds }) => count / seconds))),
    cpuMicroseconds: rounded(median(runs.map(({ cpuMicroseconds }) => cpuMicroseconds / count))),
    rssBytes: rounded(median(runs.map(({ rssBytes }) => rssBytes))),
    ...(brokerCpu.length === 0 ? {} : { brokerCpuMicroseconds: rounded(median(brokerCpu) / count) }),
    ...(latencies.length === 0
      ? {}
      : {
          latencyMedianMicroseconds: rounded(median(latencies)),
          latencyP99Microseconds: rounded(quantile(latencies, 0.99)),
        }),
    ...(heap.length === 0 ? {} : { heapBytes: rounded(median(heap) / count) }),
    ...(imports.length === 0
      ? {}
      : {
          fromImport: {
            seconds: rounded(median(imports.map(({ seconds }) => seconds))),
            cpuMicroseconds: rounded(median(imports.map(({ cpuMicroseconds }) => cpuMicroseconds))),
          },
        }),
    ...(bundle === undefined ? {} : { bundle }),
  };
}

/** To four digits: no measurement here is better than that. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * Of several runs of the program the newest table of each kind, in the order of the oldest run that has the kind. What no
 * topic plans any more is left out.
 */
export function merged(results: readonly Results[]): DatedTable[] {
  const tables = new Map<string, DatedTable>();
  for (const { date, machine, tables: more } of [...results].sort((one, other) => (one.date < other.date ? -1 : 1))) {
    for (const table of more) {
      if (isPlanned(table.topic, table)) tables.set(keyOf(table.topic, table), { ...table, date, machine });
    }
  }
  return [...tables.values()];
}

/** The row of this client that another one is compared with: on the same runtime, where there are several. */
export function ownRow({ rows }: Table, { runtime }: Row): Row | undefined {
  return rows.find((row) => row.role === 'own' && row.runtime === runtime);
}
