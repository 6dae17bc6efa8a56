/**
 * A conversation with the real broker is recorded, and then sent again to fresh clients, cut off at one byte after the other:
 * every promise that was handed out must settle, exactly once.
 */
import { Client, type ConnectionInfo, type Consumer, type Operation } from '@puka/client';
import { uniqueName } from '@puka/testkit';
import type { Transport, TransportConnector, TransportHandlers } from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';
import { expect, inject, it } from 'vitest';

/** From one cut to the next, in bytes; the first is chosen at random. */
const cutStep = Number(process.env.PUKA_CUT_STEP ?? 1);

/** How often each promise has settled, by callback and as a promise. */
interface Tally {
  readonly operations: { readonly name: string; callbacks: number; settled: number; readonly done: Promise<unknown> }[];
  consumerEnds: number;
}

type Start = (name: string, start: (callback: (error: unknown) => void) => Operation<unknown>) => void;

/** What the client does, in steps: each begins when the one before is done. */
function steps(client: Client, queue: string, tally: Tally): readonly (() => void)[] {
  const start: Start = (name, begin) => {
    const entry = { name, callbacks: 0, settled: 0, done: Promise.resolve() as Promise<unknown> };
    const operation = begin(() => entry.callbacks++);
    entry.done = operation.then(
      () => entry.settled++,
      () => entry.settled++,
    );
    tally.operations.push(entry);
  };
  let consumer: Consumer | undefined;
  return [
    () => start('connect', (callback) => client.connect(callback as (error: unknown, info?: ConnectionInfo) => void)),
    () => start('declare', (callback) => client.queueDeclare({ queue, durable: true }, callback)),
    () => {
      for (const body of ['one', 'two', 'three']) {
        start(`publish ${body}`, (callback) => client.basicPublish({ routingKey: queue, body }, callback));
      }
      start('publish nowhere', (callback) =>
        client.basicPublish({ routingKey: `${queue}.nobody`, mandatory: true, body: 'back' }, callback),
      );
      start('publish to a missing exchange', (callback) =>
        client.basicPublish({ exchange: `${queue}.missing`, routingKey: '', body: 'lost' }, callback),
      );
      start('look for a missing queue', (callback) =>
        client.queueDeclare({ queue: `${queue}.missing`, passive: true }, callback),
      );
      start('get from a missing queue', (callback) => client.basicGet({ queue: `${queue}.missing` }, callback));
    },
    () => start('get', (callback) => client.basicGet({ queue }, callback)),
    () => {
      consumer = client.basicConsume({ queue, noAck: true }, (error) => {
        if (error !== undefined) tally.consumerEnds++;
      });
      const { ready } = consumer;
      start('consume', (callback) => {
        client.setCallback(ready, callback);
        return ready;
      });
    },
    () => {
      if (consumer === undefined) return;
      const running = consumer;
      start('cancel', (callback) => client.basicCancel(running, callback));
      start('delete', (callback) => client.queueDelete({ queue }, callback));
    },
    () => start('close', (callback) => client.close(callback)),
  ];
}

/** Begins the steps one after the other; before each it reports how far the conversation is. */
async function run(client: Client, queue: string, before: (step: number) => void): Promise<Tally> {
  const tally: Tally = { operations: [], consumerEnds: 0 };
  for (const [index, step] of steps(client, queue, tally).entries()) {
    step();
    before(index);
    await Promise.all(tally.operations.map(({ done }) => done));
  }
  // Callbacks are called after the turn in which a promise settles: never inside the call that began it.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  return tally;
}

/** Records what the broker sends. */
function recorder(recorded: Uint8Array[]): TransportConnector {
  return {
    runtime: 'node',
    connect: (options, handlers) =>
      nodeConnector.connect(options, {
        onData: (bytes) => {
          recorded.push(bytes.slice());
          handlers.onData(bytes);
        },
        onReadable: () => handlers.onReadable(),
        onDrain: () => handlers.onDrain(),
        onEnd: () => handlers.onEnd(),
        onClose: (error) => handlers.onClose(error),
      }),
  };
}

/** A line on which a recording is played. */
class Playback implements TransportConnector {
  readonly runtime = 'memory';
  private handlers: TransportHandlers | undefined;
  private waiting: (() => void)[] = [];

  async connect(_options: unknown, handlers: TransportHandlers): Promise<Transport> {
    setImmediate(() => {
      this.handlers = handlers;
      for (const play of this.waiting.splice(0)) play();
    });
    return {
      fd: undefined,
      socket: undefined,
      bufferedBytes: 0,
      write: () => true,
      read: () => undefined,
      pause: () => {},
      resume: () => {},
      end: () => {},
      close: () => {},
      startTls: () => Promise.reject(new Error('no TLS here')),
    };
  }

  /** The broker sends this; then, if the connection is cut, nothing more. */
  say(bytes: Uint8Array, isCut: boolean): void {
    const play = (): void => {
      if (bytes.length > 0) this.handlers?.onData(bytes);
      if (!isCut) return;
      this.handlers?.onEnd();
      this.handlers?.onClose(undefined);
    };
    if (this.handlers === undefined) this.waiting.push(play);
    else setImmediate(play);
  }
}

it('settles every promise once, wherever a recorded conversation is cut', async () => {
  const queue = uniqueName('cut');
  const recorded: Uint8Array[] = [];
  const size = (): number => recorded.reduce((sum, { length }) => sum + length, 0);
  // Where each step ends in what the broker sent.
  const ends: number[] = [];
  const whole = await run(
    new Client(inject('amqpUrl'), { recover: false, transport: recorder(recorded), heartbeat: 0 }),
    queue,
    (step) => step > 0 && ends.push(size()),
  );
  ends.push(size());
  const conversation = new Uint8Array(size());
  let at = 0;
  for (const chunk of recorded) {
    conversation.set(chunk, at);
    at += chunk.length;
  }
  expectOnce(whole, 'the whole');
  expect(whole.operations.map(({ name }) => name)).toContain('cancel');

  for (let cut = Math.floor(Math.random() * cutStep); cut < conversation.length; cut += cutStep) {
    const playback = new Playback();
    const client = new Client('amqp://localhost', { recover: false, transport: playback, heartbeat: 0 });
    client.on('unobserved', () => {});
    const tally = await run(client, queue, (step) => {
      const from = ends[step - 1] ?? 0;
      const to = ends[step] ?? from;
      if (from <= cut) playback.say(conversation.slice(from, Math.min(cut, to)), cut < to);
    });
    expectOnce(tally, `cut at byte ${cut} of ${conversation.length}`);
    expect(tally.consumerEnds).toBeLessThanOrEqual(1);
  }
}, 240_000);

function expectOnce({ operations }: Tally, where: string): void {
  const wrong = operations.filter(({ callbacks, settled }) => callbacks !== 1 || settled !== 1);
  expect(wrong, where).toEqual([]);
}
