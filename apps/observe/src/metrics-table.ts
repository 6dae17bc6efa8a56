/** Draws metrics as a table. Must not know what they count. */
import type { Attributes } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';

/** Of a counter or of a histogram. */
interface Point {
  readonly attributes: Attributes;
  readonly value: number | Durations;
}

interface Durations {
  readonly count: number;
  readonly sum?: number | undefined;
}

/** A line for each metric and each set of its attributes. */
export function drawMetrics(metrics: readonly MetricData[]): string[] {
  const rows = metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
    dataPoints.map(({ attributes, value }: Point) => {
      const of = [
        attributes['messaging.operation.name'],
        attributes['messaging.destination.name'],
        attributes['error.type'],
      ];
      const shown = typeof value === 'object' ? durations(value) : `${value} ${unit.replace(/[{}]/g, '')}`;
      return [name, of.filter((part) => part !== undefined).join(' '), shown];
    }),
  );
  const sorted = rows.sort((one, other) => (one.join() < other.join() ? -1 : 1));
  const table = [['metric', 'of', 'value'], ...sorted];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Count and mean of what is in seconds. */
function durations({ count, sum = 0 }: Durations): string {
  return `${count} × ${((sum / count) * 1000).toFixed(1)} ms`;
}
