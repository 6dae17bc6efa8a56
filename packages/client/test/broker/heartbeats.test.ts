/** Heartbeats against the real broker: who is alive stays connected, who is not is given up. */
import { Client, ConnectionBroken, type PukaError } from '@puka/client';
import { type FaultProxy, faultProxy, uniqueName, waitFor } from '@puka/testkit';
import { describe, expect, inject, it } from 'vitest';

const url = inject('amqpUrl');
const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
/** The broker closes a silent client after two to three intervals; this is some more. `60` for the whole minute. */
const busySeconds = Number(process.env.PUKA_HEARTBEAT_SECONDS ?? 8);
/** A whole heartbeat frame. AMQP 0-9-1 §4.2.7. */
const beat = Buffer.from('08000000000000ce', 'hex');

/** Heartbeats among the last bytes of one side. */
function beatsOf(proxy: FaultProxy, direction: 'clientToServer' | 'serverToClient'): number {
  const bytes = Buffer.from(proxy.recorded(direction));
  let count = 0;
  for (let at = bytes.indexOf(beat); at >= 0; at = bytes.indexOf(beat, at + beat.length)) count++;
  return count;
}

/** Resolves with the error that ends the connection. */
function endOf(client: Client): Promise<PukaError | undefined> {
  return new Promise((resolve) => client.once('closed', resolve));
}

describe.concurrent('who is alive', () => {
  it(
    `a busy no-ack consumer lives for ${busySeconds} s with an interval of 2 s, though the broker sends no heartbeat`,
    async () => {
      const consuming = new Client(url, { recover: false, heartbeat: 2 });
      const publishing = new Client(url, { recover: false });
      await Promise.all([consuming.connect(), publishing.connect()]);
      const ends: unknown[] = [];
      consuming.on('closed', (error) => ends.push(error));
      const { queue } = await consuming.queueDeclare({ exclusive: true });
      let received = 0;
      let arrived: () => void = () => {};
      const consumer = consuming.basicConsume({ queue, noAck: true }, (error) => {
        if (error === undefined) received++;
        arrived();
      });
      await consumer.ready;
      let published = 0;
      const until = performance.now() + busySeconds * 1000;
      while (performance.now() < until && ends.length === 0) {
        const next = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        await publishing.basicPublish({ routingKey: queue, body: `${published++}` });
        await next;
        // Often enough for the broker never to be silent for half an interval.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(ends).toEqual([]);
      expect(received).toBe(published);
      await Promise.all([consuming.close(), publishing.close()]);
    },
    (busySeconds + 30) * 1000,
  );

  it('an idle client beats twice in an interval and lives, and so does the broker for it', async () => {
    await using proxy = await faultProxy({ target, record: true });
    const client = new Client(proxy.urlFor(url), { recover: false, heartbeat: 2 });
    await client.connect();
    await waitFor(() => beatsOf(proxy, 'clientToServer') >= 8 && beatsOf(proxy, 'serverToClient') >= 4);
    expect((await client.queueDeclare({ exclusive: true })).messageCount).toBe(0);
    await client.close();
  });
});

describe.concurrent('who is not', () => {
  it.each(['both', 'serverToClient'] as const)(
    'a peer that is heard no more (%s) is given up, with all that was open',
    async (where) => {
      await using proxy = await faultProxy({ target });
      const client = new Client(proxy.urlFor(url), { recover: false, heartbeat: 1 });
      await client.connect();
      const { queue } = await client.queueDeclare({ exclusive: true });
      const consumer = client.basicConsume({ queue });
      await consumer.ready;
      const end = endOf(client);
      proxy.blackHole(where);
      const outcomes = await Promise.allSettled([
        client.basicPublish({ routingKey: queue, body: 'x' }),
        client.basicGet({ queue }),
        client.queueDeclare({ queue, passive: true }),
        consumer[Symbol.asyncIterator]().next(),
      ]);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { code: 'CONNECTION_BROKEN', outcome: 'unknown' },
        });
      }
      const error = await end;
      expect(error).toBeInstanceOf(ConnectionBroken);
      expect(String(error)).toContain('heartbeat');
      await client.close();
    },
  );

  it('an idle peer is given up as well', async () => {
    await using proxy = await faultProxy({ target });
    const client = new Client(proxy.urlFor(url), { recover: false, heartbeat: 1 });
    await client.connect();
    proxy.blackHole();
    expect(await endOf(client)).toBeInstanceOf(ConnectionBroken);
  });

  it('none is, where heartbeats are off: it is silent until there is something to say', async () => {
    await using proxy = await faultProxy({ target, record: true });
    const silent = new Client(proxy.urlFor(url), { recover: false, heartbeat: 0 });
    const beating = new Client(proxy.urlFor(url), { recover: false, heartbeat: 2 });
    expect(await silent.connect()).toMatchObject({ heartbeat: 0 });
    const before = proxy.recorded('clientToServer', 0).length;
    await beating.connect();
    const beatsOfOther = (): number =>
      Buffer.from(proxy.recorded('clientToServer', 1)).toString('hex').split('08000000000000ce').length - 1;
    await waitFor(() => beatsOfOther() >= 6);
    expect(proxy.recorded('clientToServer', 0)).toHaveLength(before);
    expect((await silent.queueDeclare({ exclusive: true })).messageCount).toBe(0);
    await Promise.all([silent.close(), beating.close()]);
  });
});

// By itself, because it stalls the others as well.
it('a stalled event loop alone does not end a live connection: what has arrived meanwhile is read first', async () => {
  await using proxy = await faultProxy({ target, record: true });
  const through = proxy.urlFor(url);
  // A first connection shows where the interval is in what the client sends; there the second one's is made
  // something longer for the broker alone, so that only the client could lose patience.
  const scout = new Client(through, { recover: false, heartbeat: 1 });
  await scout.connect();
  await scout.close();
  const tuneOk = Buffer.from(proxy.recorded('clientToServer')).indexOf(Buffer.from('000a001f', 'hex'));
  proxy.corrupt(tuneOk + 11, 'clientToServer');
  const client = new Client(through, { recover: false, heartbeat: 1 });
  await client.connect();
  await proxy.restore();
  const ends: unknown[] = [];
  client.on('closed', (error) => ends.push(error));
  const to = uniqueName('stalled');
  await client.queueDeclare({ queue: to, exclusive: true });
  const table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': to };
  const from = await client.queueDeclare({ exclusive: true, arguments: table });
  const consumer = client.basicConsume({ queue: to, noAck: true });
  await consumer.ready;
  // These come while nothing is read.
  const waits = ['100', '600', '1100', '1600', '2100', '2600', '3100'];
  await Promise.all(waits.map((expiration) => client.basicPublish({ routingKey: from.queue, expiration })));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3500);
  let taken = 0;
  for await (const _message of consumer) if (++taken === waits.length) break;
  expect(ends).toEqual([]);
  await client.close();
});
