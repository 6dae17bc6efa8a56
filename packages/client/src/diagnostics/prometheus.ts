/** Writes metrics in the text format of Prometheus. Must not know where they come from. */
import type { ClientMetrics } from './metrics.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number, suffix?: string];

/** A metric, and how its samples are read from a snapshot. */
interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  samples(metrics: ClientMetrics): readonly Sample[];
}

/** A sample for each number of an object, distinguished by one label. */
function byLabel(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => [{ [label]: name }, value]);
}

const families: readonly Family[] = [
  {
    name: 'puka_connected',
    type: 'gauge',
    help: '1 while a connection is open and operations go out.',
    samples: ({ state }) => [[{}, state === 'connected' ? 1 : 0]],
  },
  {
    name: 'puka_connections_total',
    type: 'counter',
    help: 'Attempts to connect, and connections that were lost.',
    samples: ({ connections }) => byLabel('outcome', { ...connections }),
  },
  { name: 'puka_channels', type: 'gauge', help: 'Open channels.', samples: ({ channels }) => [[{}, channels]] },
  {
    name: 'puka_consumers',
    type: 'gauge',
    help: 'Consumers that have not ended.',
    samples: ({ consumers }) => [[{}, consumers]],
  },
  {
    name: 'puka_bytes_total',
    type: 'counter',
    help: 'Bytes of the connections.',
    samples: ({ bytes }) => byLabel('direction', { ...bytes }),
  },
  {
    name: 'puka_publishes_total',
    type: 'counter',
    help: 'Publishes by their outcome.',
    samples: ({ publishes: { confirmed, returned, nacked, failed, refused } }) =>
      byLabel('outcome', { confirmed, returned, nacked, failed, refused }),
  },
  {
    name: 'puka_publishes_open',
    type: 'gauge',
    help: 'Publishes without an outcome.',
    samples: ({ publishes }) => [[{}, publishes.open]],
  },
  {
    name: 'puka_publishes_open_bytes',
    type: 'gauge',
    help: 'Bytes of publishes without an outcome.',
    samples: ({ publishes }) => [[{}, publishes.openBytes]],
  },
  {
    name: 'puka_deliveries_total',
    type: 'counter',
    help: 'Messages received, acked and rejected.',
    samples: ({ deliveries: { received, acked, rejected } }) => byLabel('event', { received, acked, rejected }),
  },
  {
    name: 'puka_deliveries_unsettled',
    type: 'gauge',
    help: 'Messages received and not settled.',
    samples: ({ deliveries }) => [[{}, deliveries.unsettled]],
  },
  {
    name: 'puka_requests_total',
    type: 'counter',
    help: 'Requests by method and outcome.',
    samples: ({ requests }) =>
      Object.entries(requests).flatMap(([method, { succeeded, failed }]): Sample[] => [
        [{ method, outcome: 'succeeded' }, succeeded],
        [{ method, outcome: 'failed' }, failed],
      ]),
  },
  {
    name: 'puka_requests_open',
    type: 'gauge',
    help: 'Requests without an outcome.',
    samples: ({ requests }) => Object.entries(requests).map(([method, { open }]) => [{ method }, open]),
  },
  {
    name: 'puka_confirm_round_trip_seconds',
    type: 'histogram',
    help: 'From writing a publish to its confirm; a sample.',
    samples: ({ confirmRoundTrip: { buckets, count, sumMs } }) => [
      ...buckets.map(({ upToMs, count: upTo }): Sample => {
        return [{ le: upToMs === Number.POSITIVE_INFINITY ? '+Inf' : String(upToMs / 1000) }, upTo, '_bucket'];
      }),
      [{}, sumMs / 1000, '_sum'],
      [{}, count, '_count'],
    ],
  },
];

/**
 * Writes the metrics of one client, or of several, in the text format of Prometheus 0.0.4.
 *
 * Each sample has the label `connection`: the `connectionName` of its client, or its place in the list, from 0. Names have to
 * differ within one text.
 */
export function toPrometheus(metrics: ClientMetrics | readonly ClientMetrics[]): string {
  const all = isList(metrics) ? metrics : [metrics];
  const lines = families.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...all.flatMap((each, index) => {
      const connection = each.connectionName ?? String(index);
      return samples(each).map(
        ([labels, value, suffix = '']) => `${name}${suffix}{${written({ connection, ...labels })}} ${value}`,
      );
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

function written(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',');
}

function isList(metrics: ClientMetrics | readonly ClientMetrics[]): metrics is readonly ClientMetrics[] {
  return Array.isArray(metrics);
}
