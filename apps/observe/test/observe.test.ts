import { Client } from '@puka/client';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { drawMetrics } from '../src/metrics-table.ts';
import { observe } from '../src/observe.ts';

const url = inject('amqpUrl');

beforeEach(async () => {
  const client = new Client(url);
  await client.connect();
  await Promise.all(['orders', 'mails', 'orders.dead', 'mails.dead'].map((queue) => client.queueDelete({ queue })));
  await client.close();
});

describe('the program', () => {
  it('prints the trace of each order as a tree, and a table of metrics', async () => {
    const lines: string[] = [];
    await observe(url, (line) => lines.push(line));
    const [traces = '', table = ''] = lines.join('\n').split('\n\n');
    // Without ids, bars and times.
    const names = traces.split('\n').map((line) =>
      line
        .replace(/ [█ ]*[\d.]+ ms/, '')
        .replace(/trace \w+/, 'trace')
        .trimEnd(),
    );
    expect(names.filter((name) => name === 'trace').length).toBe(3);
    expect(names).toEqual(expect.arrayContaining(['POST /orders  internal', '└─ publish orders  producer']));
    expect(names.filter((name) => name.includes('process orders')).length).toBe(3);
    expect(names.filter((name) => name.includes('✗ Error')).length).toBe(1);
    expect(names.filter((name) => name.endsWith('publish mails  producer')).length).toBe(2);
    expect(names.find((name) => name.startsWith('process mails'))).toBe('process mails  consumer  2 links');
    expect(table).toMatch(/messaging\.client\.sent\.messages +publish orders +2 message/);
    expect(table).toMatch(/messaging\.process\.duration +process orders +2 × [\d.]+ ms/);
    expect(table).toMatch(/messaging\.process\.duration +process orders Error +1 × [\d.]+ ms/);
    expect(table).toMatch(/puka\.client\.connections +2 connection/);
  });

  it('prints a table also of nothing', () => {
    expect(drawMetrics([])).toEqual(['metric  of  value']);
  });
});
