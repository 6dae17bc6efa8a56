import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { TraceEntry } from '../../src/diagnostics/trace-entry.ts';
import { type TraceListener, traceOptions } from '../../src/diagnostics/wire-log.ts';
import { ScriptedBroker } from '../scripted-broker.ts';

describe('the log of the wire', () => {
  it('has each frame of both directions in its order, numbered by connection', async () => {
    const broker = new ScriptedBroker();
    const entries: TraceEntry[] = [];
    const client = await broker.connected({
      trace: (entry) => entries.push(entry),
      recover: { minDelay: 100, maxDelay: 100 },
    });
    const names = (): string[] =>
      entries.splice(0).map(({ direction, channel, name }) => `${direction} ${channel} ${name}`);
    expect(names()).toEqual([
      ...['sent 0 protocol header', 'received 0 connection.start', 'sent 0 connection.start-ok'],
      ...[
        'received 0 connection.tune',
        'sent 0 connection.tune-ok',
        'sent 0 connection.open',
        'received 0 connection.open-ok',
      ],
    ]);
    client.basicPublish({ routingKey: 'q', body: 'x'.repeat(100_000) });
    await broker.pump();
    expect(names()).toEqual([
      ...[
        'sent 1 channel.open',
        'sent 1 confirm.select',
        'sent 1 basic.publish',
        'sent 1 content header',
        'sent 1 body',
      ],
      ...['received 1 channel.open-ok', 'received 1 confirm.select-ok', 'received 1 basic.ack'],
    ]);
    broker.reset();
    await broker.pump();
    await broker.advance(100);
    expect(entries[0]).toMatchObject({ connection: 2, name: 'protocol header' });
    expect(entries[0]?.timeMs).toBeGreaterThan(Date.UTC(2020));
    void client.close();
    await broker.pump();
  });

  it.each<[string, TraceListener]>([
    [
      'throws',
      () => {
        throw new Error('listener');
      },
    ],
    [
      'is async and fails',
      async () => {
        throw new Error('listener');
      },
    ],
    ['returns a promise of another realm', () => runInNewContext("Promise.reject(new Error('listener'))")],
  ])('a listener that %s goes to unobserved, and changes nothing', async (_, trace) => {
    const broker = new ScriptedBroker();
    const client = broker.client({ trace });
    const unobserved: unknown[] = [];
    client.on('unobserved', (error) => unobserved.push((error as Error).message));
    const connecting = client.connect();
    await broker.pump();
    await connecting;
    expect(new Set(unobserved)).toEqual(new Set(['listener']));
  });

  it('may make the client write, which is sent after what was logged', async () => {
    const broker = new ScriptedBroker();
    const names: string[] = [];
    let closing: PromiseLike<void> | undefined;
    const client = await broker.connected({
      trace: ({ name, direction }) => {
        if (direction === 'sent') names.push(name);
        if (name === 'channel.open') closing ??= client.close();
      },
    });
    names.length = 0;
    const publishing = client.basicPublish({ routingKey: 'q', body: 'x' });
    publishing.catch(() => {});
    await broker.pump();
    await closing;
    const methods = ['channel.open', 'confirm.select', 'basic.publish'];
    expect(broker.sent()).toEqual([...methods.map((name) => `1 ${name}`), '0 connection.close']);
    expect(names.toSorted()).toEqual([...methods, 'connection.close', 'content header', 'body'].toSorted());
  });

  it('goes beside the count of bytes', async () => {
    const broker = new ScriptedBroker();
    const counts = { entries: 0, chunks: 0 };
    await broker.connected({
      trace: () => void counts.entries++,
      diagnostics: { bytesReceived: () => void counts.chunks++, bytesSent: () => void counts.chunks++ },
    });
    expect(counts.entries).toBe(7);
    expect(counts.chunks).toBeGreaterThan(3);
  });
});

describe('the option and the environment', () => {
  const lines: string[] = [];
  const of = (option: unknown, setting?: string) =>
    traceOptions(option as TraceListener | undefined, setting, (line) => lines.push(line));

  it('a function and an object are taken, and win over the environment', () => {
    const to = (): void => {};
    expect(of(to, 'frames')).toEqual({ to });
    expect(of({ to, bodies: true })).toEqual({ to, bodies: true });
  });

  it.each([[undefined], [''], ['other'], ['bodies'], ['framesets']])(
    '%j of the environment logs nothing',
    (setting) => {
      expect(of(undefined, setting)).toBeUndefined();
    },
  );

  it.each([
    ['frames', false],
    ['frames,bodies', true],
    ['other, frames', false],
  ])('%j of the environment prints lines', (setting, bodies) => {
    const options = of(undefined, setting);
    expect(options?.bodies).toBe(bodies);
    options?.to({ toString: () => 'a line' } as TraceEntry);
    expect(lines.splice(0)).toEqual(['a line']);
  });

  it.each([[true], ['frames'], [{}], [null]])('%j is refused', (option) => {
    expect(() => of(option)).toThrow(UsageError);
  });
});
