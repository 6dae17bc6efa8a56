/** Turns the runs of all contestants in one mode and size into lines of text. */
import type { Contestant } from './contestants.ts';
import type { Figures, Job } from './job.ts';

/** @returns the value below which `share` of the numbers lie. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The lines of one table: medians over the runs, and what this client takes of each other one's CPU time. */
export function report(job: Job, runs: ReadonlyMap<Contestant, readonly Figures[]>): string[] {
  const cpuOf = (figures: readonly Figures[]): number =>
    quantile(
      figures.map(({ cpuMicroseconds }) => cpuMicroseconds / job.count),
      0.5,
    );
  const [first, ownFigures = []] = [...runs].find(([{ role }]) => role === 'own') ?? [];
  const own = cpuOf(ownFigures);
  return [...runs].map(([{ name, role }, figures]) => {
    const rate = quantile(
      figures.map(({ seconds }) => job.count / seconds),
      0.5,
    );
    const memory = quantile(
      figures.map(({ rssBytes }) => rssBytes / 1_048_576),
      0.5,
    );
    const cpu = cpuOf(figures);
    const ratio =
      role === 'own' || Number.isNaN(own) ? '' : `  ${first?.name ?? ''} takes ${(own / cpu).toFixed(2)} of it`;
    return (
      `${name.padEnd(16)} ${rate.toFixed(0).padStart(8)}/s ${cpu.toFixed(2).padStart(9)} us CPU` +
      ` ${memory.toFixed(0).padStart(5)} MiB${brokerText(job, figures)}${latencyText(figures)}${ratio}`
    );
  });
}

function brokerText({ count }: Job, figures: readonly Figures[]): string {
  const costs = figures.flatMap(({ brokerCpuMicroseconds: cpu }) => (cpu === undefined ? [] : [cpu / count]));
  return costs.length === 0 ? '' : `  broker ${quantile(costs, 0.5).toFixed(2).padStart(6)} us`;
}

function latencyText(figures: readonly Figures[]): string {
  const latencies = figures.flatMap(({ latencies = [] }) => latencies);
  if (latencies.length === 0) return '';
  const text = (share: number): string => quantile(latencies, share).toFixed(0).padStart(6);
  return `  median ${text(0.5)} us, p99 ${text(0.99)} us`;
}
