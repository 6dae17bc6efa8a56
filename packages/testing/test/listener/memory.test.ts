import type { Transport } from '@puka/transport';
import { beforeEach, expect, it } from 'vitest';
import type { Line } from '../../src/listener/line.ts';
import { memoryLines } from '../../src/listener/memory.ts';
import { TestSink } from './test-sink.ts';

let sink: TestSink;
let client: TestSink;
let transport: Transport;
let line: Line;

beforeEach(async () => {
  sink = new TestSink();
  client = new TestSink();
  transport = await memoryLines(sink.accept, () => 'memory').connect(
    { host: 'nowhere', port: 0 },
    {
      onData: (bytes) => client.received(bytes),
      onReadable: () => {},
      onDrain: () => client.drained(),
      onEnd: () => client.ended(),
      onClose: (error) => client.received(new TextEncoder().encode(`closed by ${error?.name}`)),
    },
  );
  line = await sink.accepted();
});

it('brings bytes both ways', async () => {
  transport.write([new TextEncoder().encode('hello')]);
  await sink.until(() => sink.heard.length > 0);
  line.write([new TextEncoder().encode('welcome')]);
  await client.until(() => client.heard.length > 0);
  expect([sink.heard, client.heard, line.bufferedBytes]).toEqual([['hello'], ['welcome'], 0]);
});

it('ends after what has been written', async () => {
  line.write([new TextEncoder().encode('bye')]);
  line.end();
  await client.until(() => client.heard.includes('ended'));
  expect(client.heard).toEqual(['bye', 'ended']);
});

it('breaks off at once', async () => {
  line.reset();
  await client.until(() => client.heard.length > 0);
  expect(client.heard).toEqual(['closed by ConnectionBroken']);
});

it('reports when the client is gone', async () => {
  transport.close();
  await sink.until(() => sink.heard.includes('ended'));
});
