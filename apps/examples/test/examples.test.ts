import { Client } from '@puka/client';
import { startBroker } from '@puka/testing';
import { uniqueName } from '@puka/testkit';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { programs } from '../src/programs.ts';
import { sessionArrays } from '../src/session-arrays.ts';

const url = inject('amqpUrl');

/** Runs an example; what it prints is in `lines`. */
function started(name: string, ...args: string[]): Started {
  return startedAt(url, name, ...args);
}

/** The same at another broker. */
function startedAt(url: string, name: string, ...args: string[]): Started {
  const program = programs.get(name);
  if (program === undefined) throw new Error(`no example ${name}`);
  const lines: string[] = [];
  let check = (): void => {};
  const ended = program(
    url,
    (line) => {
      lines.push(line);
      check();
    },
    args,
  );
  const saying: Saying = (text) =>
    new Promise((resolve) => {
      check = () => {
        if (lines.some((line) => line.includes(text))) resolve();
      };
      check();
    });
  return { lines, ended, saying };
}
type Saying = (text: string) => Promise<void>;
interface Started {
  readonly lines: string[];
  readonly ended: Promise<void>;
  /** Waits for a line with this text. */
  readonly saying: Saying;
}

async function output(name: string, ...args: string[]): Promise<string[]> {
  const { lines, ended } = started(name, ...args);
  await ended;
  return lines;
}

/** Queues of this test, gone with it. */
function queues(...suffixes: string[]): string {
  const name = uniqueName('examples');
  onTestFinished(async () => {
    await using client = new Client(url);
    await client.connect();
    await Promise.all(suffixes.map((suffix) => client.queueDelete({ queue: name + suffix })));
  });
  return name;
}

describe('the examples', () => {
  it('send, receive one, receive many', async () => {
    const queue = queues('');
    expect(await output('receiveOne', queue, '10')).toEqual(['nothing came']);
    for (const word of ['one', 'two', 'three']) expect(await output('send', queue, word)).toEqual([`sent: ${word}`]);
    expect(await output('receiveOne', queue, '20000')).toEqual(['received: one']);
    expect(await output('receiveMany', queue, '2')).toEqual(['received: two', 'received: three']);
  });

  it('send by callbacks alone', async () => {
    const queue = queues('');
    expect(await output('sendByCallbacks', queue, 'x')).toEqual(['the queue holds 0', 'sent: x']);
    expect(await output('receiveOne', queue, '20000')).toEqual(['received: x']);
  });

  it('logs by headers: those that match come, others do not', async () => {
    const listener = started('receiveLogs', '2', 'level=error', 'host=b');
    await listener.saying('listening');
    await output('emitLog', 'level=info', 'host=a', 'not this one');
    await output('emitLog', 'level=error', 'host=a', 'disk full');
    await output('emitLog', 'level=info', 'host=b', 'started');
    await listener.ended;
    expect(listener.lines).toEqual(['listening', 'error: disk full', 'info: started']);
  });

  it('a thousand declares, at once and one by one', async () => {
    expect(await output('declaresInParallel')).toEqual([
      expect.stringMatching(/^declared 1000 in \d+ ms, all at once$/),
    ]);
    expect(await output('declaresOneByOne', '100')).toEqual([
      expect.stringMatching(/^declared 100 in \d+ ms, one by one$/),
    ]);
  });

  it('stress', async () => {
    // Emitted often, so that the run is long enough for some of it.
    const lines = await output('stress', '5000', '32', '20', '10');
    expect(lines.pop()).toBe('5000 messages over 32 queues');
    const figures = lines.map((line) => /^(\d+) messages a second, (\d+\.\d) ms from publish to handler$/.exec(line));
    expect(figures.length).toBeGreaterThan(0);
    expect(figures).not.toContain(null);
    expect(Math.max(...figures.map((figure) => Number(figure?.[1])))).toBeGreaterThan(0);
    expect(Math.max(...figures.map((figure) => Number(figure?.[2])))).toBeGreaterThan(0);
  });

  it('a worker that tries again, and puts aside what is hopeless', async () => {
    const jobs = queues('', '.later', '.failed');
    await using client = new Client(url);
    await client.connect();
    await client.queueDeclare({ queue: jobs, durable: true });
    for (const body of ['easy', 'flaky', 'hopeless']) await client.basicPublish({ routingKey: jobs, body });
    const lines = await output('worker', jobs, '6', '20');
    expect(lines).toHaveLength(6);
    expect(lines).toContain('done: easy at attempt 1');
    expect(lines).toContain('done: flaky at attempt 2');
    expect(lines.at(-1)).toBe('given up: hopeless (Error: it cannot be done)');
    const failed = await client.basicGet({ queue: `${jobs}.failed`, noAck: true });
    expect(failed?.text()).toBe('hopeless');
  });

  it('a worker that lives through lost connections, and does no job twice', async () => {
    await using broker = await startBroker();
    const worker = startedAt(broker.url, 'survivingWorker', 'jobs', '3');
    await broker.until(() => broker.queue('jobs')?.consumers.length === 1);
    // The job is done, and its ack is lost with the connection.
    broker.faults.dropInAck();
    broker.publish({ routingKey: 'jobs', messageId: 'j-1', body: 'one' });
    await worker.saying('again: one');
    broker.faults.refuseConnections(2);
    broker.faults.dropConnections();
    for (const [messageId, body] of [
      ['j-2', 'two'],
      ['j-3', 'three'],
    ] as const) {
      broker.publish({ routingKey: 'jobs', messageId, body });
    }
    await worker.ended;
    expect(worker.lines.filter((line) => line.startsWith('done'))).toEqual(['done: one', 'done: two', 'done: three']);
    expect(worker.lines.filter((line) => line === 'lost the connection')).toHaveLength(2);
    expect(worker.lines.filter((line) => line === 'back, with 1 consumer')).toHaveLength(2);
    expect(broker.queue('jobs')).toMatchObject({ ready: 0, unacked: 0 });
    expect(broker.mistakes).toEqual([]);
  });

  it('request and reply', async () => {
    const server = started('rpcServer', '4');
    await server.saying('serving');
    expect(await output('rpcClient', '2', '3', '4', '3')).toEqual(['4 9 16 9']);
    await server.ended;
    const client = new Client(url);
    await client.connect();
    await client.queueDelete({ queue: 'examples.square' });
    await client.close();
  });

  it('a select loop of one’s own', async () => {
    expect(await output('selectLoop')).toEqual(['received: by hand', 'closed']);
  });

  it('many clients in one loop', async () => {
    expect(await output('manyClients', '3')).toEqual([
      'client 0 has: 0',
      'client 1 has: 0, 1',
      'client 2 has: 0, 1, 2',
      'all are closed',
    ]);
  });

  const said = ['open', 'publish 1 is confirmed', 'got: by my own bytes', 'channel closed', 'closed'];

  it('a bare session over a Duplex', async () => {
    expect(await output('sessionDuplex')).toEqual(said);
  });

  it('a bare session over a pair of arrays', async () => {
    const lines: string[] = [];
    const { sent, received } = await sessionArrays((line) => lines.push(line));
    expect(lines).toEqual(said);
    expect(Math.min(sent, received)).toBeGreaterThan(300);
  });
});
