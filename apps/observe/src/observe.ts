/** Runs the shop under OpenTelemetry, and prints what was seen. */
import { Client } from '@puka/client';
import { drawMetrics } from './metrics-table.ts';
import { sellThings } from './shop.ts';
import { startTelemetry } from './telemetry.ts';
import { drawTraces } from './trace-tree.ts';

/** @param print takes one line. */
export async function observe(url: string, print: (line: string) => void): Promise<void> {
  const telemetry = startTelemetry();
  const clientOf = (connectionName: string): Client =>
    new Client(url, { connectionName, diagnostics: telemetry.listener });
  const [shop, billing] = [clientOf('shop'), clientOf('billing')];
  try {
    await Promise.all([shop.connect(), billing.connect()]);
    await sellThings(shop, billing, telemetry.tracer, ['1', '2']);
    for (const line of drawTraces(telemetry.spans())) print(line);
    print('');
    for (const line of drawMetrics(await telemetry.metrics())) print(line);
  } finally {
    await Promise.all([shop.close(), billing.close()]);
    await telemetry.stop();
  }
}
