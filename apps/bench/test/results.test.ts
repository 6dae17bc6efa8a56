import { describe, expect, it } from 'vitest';
import type { Contestant } from '../src/contestants.ts';
import type { Figures, Job } from '../src/job.ts';
import type { Machine } from '../src/machine.ts';
import { report } from '../src/report.ts';
import { merged, type Results, type Table, tableOf } from '../src/results.ts';
import { quantile } from '../src/statistics.ts';

const job: Job = { url: '', queue: '', mode: 'publish', count: 7, warmUp: 0, size: 16, window: 1000, consumers: 1 };
const measure = (): never => {
  throw new Error('not asked for');
};
const own: Contestant = { name: 'puka', role: 'own', measures: () => true, measure };
const peer: Contestant = { name: 'other', role: 'peer', measures: () => true, measure };

function run(cpuMicroseconds: number, latencies?: readonly number[]): Figures {
  return { seconds: 1, cpuMicroseconds, rssBytes: 2_097_152, ...(latencies && { latencies }) };
}

describe('tableOf', () => {
  it('takes medians over the rounds, of one message', () => {
    const table = tableOf('clients', job, new Map([[own, [run(7), run(14), run(700)]]]));
    expect(table).toMatchObject({ mode: 'publish', size: 16, count: 7, rounds: 3 });
    expect(table.rows).toEqual([
      { name: 'puka', role: 'own', medians: { rate: 7, cpuMicroseconds: 2, rssBytes: 2_097_000 } },
    ]);
  });

  it('takes latencies over the requests of all rounds', () => {
    const table = tableOf('clients', job, new Map([[own, [run(7, [1, 2]), run(7, [3, 90])]]]));
    expect(table.rows[0]?.medians).toMatchObject({ latencyMedianMicroseconds: 3, latencyP99Microseconds: 90 });
  });

  it('keeps neither paths nor addresses', () => {
    const secret = { ...job, url: 'amqp://user:password@host', queue: 'bench-1', caFile: '/tmp/ca.pem' };
    expect(JSON.stringify(tableOf('tls', secret, new Map([[own, [run(7)]]])))).not.toMatch(/amqp:|bench-1|ca\.pem/);
  });
});

describe('report', () => {
  it('reports what this client takes of the others', () => {
    const lines = report(
      tableOf(
        'clients',
        job,
        new Map([
          [own, [run(14)]],
          [peer, [run(28)]],
        ]),
      ),
    );
    expect(lines[1]).toMatch(/^puka +7\/s +2\.00 us CPU +2 MiB$/);
    expect(lines[2]).toMatch(/^other +7\/s +4\.00 us CPU +2 MiB {2}puka takes 0\.50 of it$/);
  });

  it('compares with this client on the same runtime', () => {
    const at = (contestant: Contestant, runtime: string): Contestant => ({ ...contestant, runtime });
    const table = tableOf(
      'runtimes',
      job,
      new Map([
        [at(own, 'Node'), [run(7)]],
        [at(own, 'Bun'), [run(14)]],
        [at(peer, 'Bun'), [run(28)]],
      ]),
    );
    expect(report(table)[3]).toMatch(/takes 0\.50 of it$/);
  });
});

describe('merged', () => {
  const machine: Machine = {
    ...{ processor: 'a', cores: 2, memoryGib: 8, system: 'linux x64' },
    ...{ node: '20.0.0', broker: 'RabbitMQ', peers: {} },
  };
  const table = (size: number, count: number): Table => ({
    ...{ topic: 'clients', mode: 'publish', size, window: 1000, consumers: 1, count, rounds: 1, rows: [] },
  });
  const results = (date: string, ...tables: readonly Table[]): Results => ({ date, machine, tables });

  it('takes the newest table of each kind, whatever the order of the runs', () => {
    const old = results('2026-01-01T00:00:00Z', table(16, 1), table(4096, 1));
    const recent = results('2026-01-02T00:00:00Z', table(16, 2), table(65_536, 2));
    for (const runs of [
      [old, recent],
      [recent, old],
    ]) {
      expect(merged(runs).map(({ size, count, date }) => [size, count, date])).toEqual([
        [16, 2, recent.date],
        [4096, 1, old.date],
        [65_536, 2, recent.date],
      ]);
    }
  });

  it('leaves out what is not planned, such as a size that was asked for once', () => {
    expect(merged([results('2026-01-01T00:00:00Z', table(16, 1), table(17, 1))])).toHaveLength(1);
  });
});

describe('quantile', () => {
  it('takes numbers that are not sorted', () => {
    expect(quantile([3, 1, 2, 4], 0.5)).toBe(3);
    expect(quantile([3, 1, 2, 4], 0.99)).toBe(4);
  });
});
