import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { barChart, lineChart } from '../src/page/chart.ts';
import { makePage } from '../src/page/page.ts';
import { numberText } from '../src/page/text.ts';
import { readPage } from '../src/page-files.ts';
import { keepResults, readResults } from '../src/result-files.ts';
import type { Medians, Results, Row, Table } from '../src/results.ts';

const machine = {
  ...{ processor: 'a processor', cores: 2, memoryGib: 8, system: 'linux x64' },
  ...{ node: '20.0.0', broker: 'RabbitMQ 3.10', peers: { amqplib: '1.0.0' } },
};

function row(name: string, role: Row['role'], medians: Partial<Medians>, runtime?: string): Row {
  const all = { rate: 1000, cpuMicroseconds: 10, rssBytes: 50 * 1_048_576, ...medians };
  return { name, role, medians: all, ...(runtime !== undefined && { runtime }) };
}

function table(rows: readonly Row[], more: Partial<Table> = {}): Table {
  const sizes = { size: 16, window: 1000, consumers: 1 };
  return { topic: 'clients', mode: 'publish', ...sizes, count: 200_000, rounds: 5, rows, ...more };
}

function results(tables: readonly Table[], date = '2026-01-01T00:00:00.000Z'): Results {
  return { date, machine, tables };
}

function pageOf(...tables: readonly Table[]): string {
  return makePage([results(tables)]).get('docs/performance.md') ?? '';
}

describe('the page', () => {
  it('is what is drawn from the results that are kept: `pnpm --filter @puka/app-bench run page`', async () => {
    expect(await readPage()).toEqual(makePage(await readResults()));
  });

  it('reports where another client is faster, by which measure and how far', () => {
    const text = pageOf(table([row('puka', 'own', { cpuMicroseconds: 12 }), row('other', 'peer', {})]));
    expect(text).toContain('| Confirmed publish, 16 B | CPU, µs | 12 | 10, other | 1.20 |');
  });

  it('reports that it is first where no client is ahead by more than noise', () => {
    const own = row('puka', 'own', { cpuMicroseconds: 10.1, rssBytes: 54 * 1_048_576 });
    expect(pageOf(table([own, row('other', 'peer', {})]))).toContain('Nowhere: ');
  });

  it('names more resident memory', () => {
    const own = row('puka', 'own', { rssBytes: 60 * 1_048_576 });
    const text = pageOf(table([own, row('other', 'peer', {})]));
    expect(text).toContain('| Confirmed publish, 16 B | resident memory, MiB | 60 | 50, other | 1.20 |');
  });

  it('shows what C takes apart from what other clients take', () => {
    const own = row('puka', 'own', { cpuMicroseconds: 5 });
    const c = row('librabbitmq (C)', 'floor', { cpuMicroseconds: 4 });
    const text = pageOf(table([own, row('other', 'peer', {}), c]));
    expect(text).toContain('Nowhere: ');
    expect(text).toContain('| Confirmed publish, 16 B | CPU, µs | 5 | 4, librabbitmq (C) | 1.25 |');
    expect(text).toContain('| CPU: this client / best other | **0.50** |');
    expect(text).toContain('| CPU: this client / librabbitmq | **1.25** |');
  });

  it('compares on the same runtime only', () => {
    const rows = [
      row('puka, Node', 'own', { cpuMicroseconds: 9 }, 'Node'),
      row('other, Node', 'peer', {}, 'Node'),
      row('puka, Bun', 'own', { cpuMicroseconds: 20 }, 'Bun'),
      row('other, Bun', 'peer', { cpuMicroseconds: 16 }, 'Bun'),
    ];
    const text = pageOf(table(rows, { topic: 'runtimes' }));
    expect(text).toContain('| Confirmed publish, 16 B, Bun | CPU, µs | 20 | 16, other, Bun | 1.25 |');
    expect(text).toContain('Node **0.90**<br>Bun **1.25**');
  });

  it('says how cost grows from the first point to the last', () => {
    const at = (window: number, cpuMicroseconds: number): Table =>
      table([row('puka', 'own', { cpuMicroseconds })], { topic: 'window', window });
    expect(pageOf(at(10, 4), at(100_000, 5))).toContain('| puka | 4 | 5 | 1.25 |');
  });

  it.each([{ rounds: 1 }, { count: 10_000 }])('admits that a run was short: %o', (short) => {
    const rows = [row('puka', 'own', {})];
    expect(pageOf(table(rows))).not.toContain('rough');
    expect(pageOf(table(rows, short))).toContain('**The figures are rough:**');
  });

  it('takes the newest table of each kind', () => {
    const old = results([table([row('puka', 'own', { cpuMicroseconds: 77 })])]);
    const recent = results([table([row('puka', 'own', { cpuMicroseconds: 33 })])], '2026-02-01T00:00:00.000Z');
    const text = makePage([recent, old]).get('docs/performance.md');
    expect(text).toContain('| puka | 33 µs<br>');
    expect(text).not.toContain('77');
  });
});

describe('a chart', () => {
  const bars = barChart('Cost', [
    { title: '16 B', bars: [{ label: 'puka', role: 'own', value: 4.56 }] },
    {
      title: '4 KiB',
      bars: [
        { label: 'puka', role: 'own', value: 8 },
        { label: 'other', role: 'peer', value: 16 },
        { label: 'C', role: 'floor', value: 4 },
      ],
    },
  ]);
  const roles = ['own', 'peer', 'peer', 'peer', 'floor'] as const;
  const lines = lineChart(
    'Growth',
    'window',
    roles.map((role, index) => ({
      ...{ label: `${role} ${index}`, role },
      points: [
        [10, index + 1],
        [1000, index + 2],
      ] as const,
    })),
  );

  it('shows the figure of each bar', () => {
    for (const text of ['4.56', '8', '16', '4']) expect(bars).toContain(`>${text}</text>`);
  });

  it.each([
    ['bars', bars],
    ['lines', lines],
  ])('has another colour on dark pages for each that it has on light ones: %s', (_name, svg) => {
    const withoutStyle = svg.replace(/<style>.*?<\/style>/s, '').replace(/<defs\b.*<\/defs>/s, '');
    const drawn = withoutStyle.replace(/.* fill-opacity="0".*/g, '');
    const colours = new Set([...drawn.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour = '']) => colour));
    colours.delete('none');
    for (const colour of colours) expect(svg).toMatch(new RegExp(`\\[fill="${colour}"\\] \\{ fill: #[0-9a-f]{6} \\}`));
    expect(colours.size).toBeGreaterThan(4);
  });

  it('is the same text each time', () => {
    const draw = (): string => barChart('Cost', [{ title: '', bars: [{ label: 'puka', role: 'own', value: 1 }] }]);
    expect(draw()).toBe(draw());
  });
});

describe('results that are kept', () => {
  it('lose the runs of which each table was measured again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'puka-results-'));
    const [small, large] = [table([]), table([], { size: 4096 })];
    await keepResults(results([small], '2026-01-01T00:00:00.000Z'), folder);
    await keepResults(results([small, large], '2026-01-02T00:00:00.000Z'), folder);
    expect(await readdir(folder)).toEqual(['2026-01-02T00-00-00.json']);
    await keepResults(results([small], '2026-01-03T00:00:00.000Z'), folder);
    expect(await readdir(folder)).toEqual(['2026-01-02T00-00-00.json', '2026-01-03T00-00-00.json']);
    expect((await readResults(folder)).map(({ date }) => date.slice(0, 10))).toEqual(['2026-01-02', '2026-01-03']);
    await rm(folder, { recursive: true });
  });
});

describe('numberText', () => {
  it.each([
    [4.5678, '4.57'],
    [0.12345, '0.123'],
    [99.96, '100'],
    [1234.5, '1,235'],
    [1_234_567, '1,234,567'],
    [0, '0'],
  ])('writes %d as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });
});
