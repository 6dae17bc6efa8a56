import { describe, expect, it } from 'vitest';
import { toPrometheus } from '../../src/diagnostics/prometheus.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

/** The text format 0.0.4: a comment, or a name with labels and a number. */
const line =
  /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z_]+="(\\.|[^"\\\n])*"(,[a-z_]+="(\\.|[^"\\\n])*")*\} (\d+(\.\d+)?|\+Inf))$/;

describe('the text for Prometheus', () => {
  it('has each family once, with the samples of all clients after it', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    const named = new ScriptedBroker().client({ connectionName: 'a "b" \\ c\nd' });
    void client.queueDeclare({ queue: 'q' });
    await broker.pump();
    const text = toPrometheus([client.metrics(), named.metrics()]);
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    for (const each of lines) expect(each).toMatch(line);
    const types = lines.filter((each) => each.startsWith('# TYPE'));
    expect(new Set(types).size).toBe(types.length);
    expect(lines).toContain('puka_connected{connection="0"} 1');
    expect(lines).toContain('puka_connected{connection="a \\"b\\" \\\\ c\\nd"} 0');
    expect(lines).toContain('puka_requests_total{connection="0",method="queue.declare",outcome="succeeded"} 1');
  });

  it('has a histogram in seconds, whose buckets grow and end with all', async () => {
    const broker = new ScriptedBroker();
    const client = await broker.connected();
    client.basicPublish({ routingKey: 'q' });
    await broker.pump();
    const lines = toPrometheus(client.metrics()).split('\n');
    const name = 'puka_confirm_round_trip_seconds';
    expect(lines).toContain(`# TYPE ${name} histogram`);
    expect(lines).toContain(`${name}_bucket{connection="0",le="0.0005"} 1`);
    expect(lines).toContain(`${name}_bucket{connection="0",le="+Inf"} 1`);
    expect(lines).toContain(`${name}_sum{connection="0"} 0`);
    expect(lines).toContain(`${name}_count{connection="0"} 1`);
  });
});
