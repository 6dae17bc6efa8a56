import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/clock/virtual-clock.ts';
import { type FaultProxy, faultProxy } from '../../src/proxy/index.ts';
import { waitFor } from '../../src/wait-for.ts';
import { type EchoServer, echoServer, Peer, roundTrip } from './peers.ts';

let server: EchoServer;
let clock: VirtualClock;
let proxy: FaultProxy;

beforeEach(async () => {
  server = await echoServer();
  clock = new VirtualClock();
  proxy = await faultProxy({ target: server, record: true, timers: clock });
});
afterEach(async () => {
  await proxy.stop();
  await server.stop();
});

/** Resolves when the proxy has these bytes from the client, whether it has passed them on or not. */
function proxyHas(text: string): Promise<true> {
  return waitFor(() => Buffer.from(proxy.recorded('clientToServer')).toString('latin1') === text);
}

describe('without faults', () => {
  it('passes bytes on both ways', async () => {
    const client = await Peer.connect(proxy);
    client.send('hello');
    await client.received('hello');
    expect([proxy.connections, proxy.accepted]).toEqual([1, 1]);
  });

  it('passes more on than its buffers hold', async () => {
    const client = await Peer.connect(proxy);
    const text = 'abcdefgh'.repeat(1_000_000);
    client.send(text);
    await waitFor(() => client.text.length === text.length);
    expect(client.text).toBe(text);
  });

  it('passes the end of either side on, with what came before it', async () => {
    const client = await Peer.connect(proxy);
    client.socket.end('bye');
    await client.received('bye');
    expect(await client.ended).toBe('end');
    await waitFor(() => proxy.connections === 0);
  });

  it('passes a reset on', async () => {
    const client = await Peer.connect(proxy);
    client.send('x');
    await client.received('x');
    server.sockets[0]?.resetAndDestroy();
    expect(await client.ended).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });

  it('resets a client when the target is not there', async () => {
    await server.stop();
    const client = await Peer.connect(proxy);
    expect(await client.ended).toBe('ECONNRESET');
  });

  it('puts its address into a url and leaves the rest', () => {
    expect(proxy.urlFor('amqp://me:p%40ss@broker:5672/a%2Fb?heartbeat=5')).toBe(
      `amqp://me:p%40ss@127.0.0.1:${proxy.port}/a%2Fb?heartbeat=5`,
    );
  });
});

describe('latency', () => {
  it('holds each piece back for its time, in order', async () => {
    proxy.latency(100, 'clientToServer');
    const client = await Peer.connect(proxy);
    client.send('a');
    await proxyHas('a');
    clock.advance(60);
    client.send('b');
    await proxyHas('ab');
    await roundTrip(server);
    expect(server.text).toBe('');
    clock.advance(40);
    await client.received('a');
    clock.advance(59);
    await roundTrip(server);
    expect(server.text).toBe('a');
    clock.advance(1);
    await client.received('ab');
  });

  it('applies to what is held when it changes', async () => {
    proxy.latency(1_000_000);
    const client = await Peer.connect(proxy);
    client.send('a');
    await proxyHas('a');
    proxy.latency(0);
    await client.received('a');
  });

  it('holds the end back as well', async () => {
    proxy.latency(10, 'serverToClient');
    const client = await Peer.connect(proxy);
    client.send('a');
    await waitFor(() => server.text === 'a');
    server.sockets[0]?.end();
    await waitFor(() => clock.pending > 0 && proxy.recorded('serverToClient').length === 1);
    expect(client.text).toBe('');
    await waitFor(() => {
      clock.advance(10);
      return client.socket.readableEnded;
    });
    expect(client.text).toBe('a');
  });
});

describe('throttle', () => {
  it('lets the given bytes a second through', async () => {
    proxy.throttle(1000, 'clientToServer'); // in slices of 20 bytes, one in 20 ms
    const client = await Peer.connect(proxy);
    const text = '0123456789'.repeat(10);
    client.send(text);
    await client.received(text.slice(0, 20));
    clock.advance(19);
    await roundTrip(server);
    expect(server.text).toBe(text.slice(0, 20));
    clock.advance(1);
    await client.received(text.slice(0, 40));
    clock.advance(60);
    await client.received(text);
  });
});

describe('split', () => {
  it('writes pieces of the given size and keeps the bytes', async () => {
    const client = await Peer.connect(proxy);
    client.send('-');
    await client.received('-'); // the server reads by now; before that the system would join what it has
    proxy.split(3, 'clientToServer');
    client.send('abcdefghij');
    await client.received('-abcdefghij');
    expect(server.chunks).toEqual(['-', 'abc', 'def', 'ghi', 'j']);
  });
});

describe('blackHole', () => {
  it('holds everything up, new connections too, until it is restored', async () => {
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    proxy.blackHole();
    client.send('b');
    const late = await Peer.connect(proxy);
    late.send('c');
    await roundTrip(server);
    await roundTrip(server);
    expect(server.text).toBe('a');
    await proxy.restore();
    await client.received('ab');
    await late.received('c');
  });

  it('holds one direction up and lets the other go', async () => {
    const client = await Peer.connect(proxy);
    proxy.blackHole('serverToClient');
    client.send('a');
    await waitFor(() => server.text === 'a');
    await roundTrip(server);
    expect(client.text).toBe('');
    await proxy.restore();
    await client.received('a');
  });

  it('reports no end of the stream', async () => {
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    proxy.blackHole();
    server.sockets[0]?.end('rest');
    await roundTrip(server);
    expect(client.socket.readableEnded).toBe(false);
    await proxy.restore();
    expect(await client.ended).toBe('end');
    expect(client.text).toBe('arest');
  });
});

describe('corrupt', () => {
  it('inverts the byte at an offset of the stream', async () => {
    proxy.corrupt(2, 'clientToServer');
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    client.send('bcd');
    await client.received(`ab${String.fromCharCode(0x63 ^ 0xff)}d`);
  });

  it('inverts the bytes a function picks, until it is restored', async () => {
    proxy.corrupt((byte) => byte === 0x62, 'serverToClient');
    const client = await Peer.connect(proxy);
    client.send('abcb');
    await client.received('a\x9dc\x9d');
    await proxy.restore();
    client.send('b');
    await client.received('a\x9dc\x9db');
  });

  it('records what was sent, not what was made of it', async () => {
    proxy.corrupt(0, 'clientToServer');
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('\x9e');
    expect(proxy.conversations).toEqual([
      [
        { direction: 'clientToServer', bytes: Uint8Array.of(0x61) },
        { direction: 'serverToClient', bytes: Uint8Array.of(0x9e) },
      ],
    ]);
  });
});

describe('dropAfter', () => {
  it('lets the given bytes through on an open connection, counted from now, and ends it', async () => {
    const client = await Peer.connect(proxy);
    client.send('before');
    await client.received('before');
    proxy.dropAfter(3, 'serverToClient');
    client.send('abcdef');
    await client.ended;
    expect(client.text).toBe('beforeabc');
    expect(proxy.connections).toBe(0);
  });

  it('counts a new connection from its opening', async () => {
    proxy.dropAfter(2, 'clientToServer');
    const client = await Peer.connect(proxy);
    client.send('abcdef');
    await client.ended;
    await waitFor(() => server.text === 'ab');
  });

  it('ends a connection at once with 0', async () => {
    proxy.dropAfter(0, 'serverToClient');
    const client = await Peer.connect(proxy);
    await client.ended;
    expect(client.text).toBe('');
  });
});

describe('reset, close and refuse', () => {
  it('resets open connections and accepts new ones', async () => {
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    proxy.reset();
    expect(await client.ended).toBe('ECONNRESET');
    const next = await Peer.connect(proxy);
    next.send('b');
    await next.received('b');
  });

  it('closes open connections in good order', async () => {
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    proxy.close();
    expect(await client.ended).toBe('end');
  });

  it('refuses new connections, keeps open ones, and accepts on the same port when restored', async () => {
    const client = await Peer.connect(proxy);
    const { port } = proxy;
    await proxy.refuse();
    await expect(Peer.connect(proxy)).rejects.toThrow(/ECONNREFUSED/);
    client.send('a');
    await client.received('a');
    await proxy.restore();
    expect(proxy.port).toBe(port);
    const next = await Peer.connect(proxy);
    next.send('b');
    await next.received('b');
  });

  it('leaves no connection after stop', async () => {
    const client = await Peer.connect(proxy);
    client.send('a');
    await client.received('a');
    await proxy.stop();
    expect(await client.ended).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });
});

describe('options', () => {
  it('refuses values that make no sense', () => {
    expect(() => proxy.latency(-1)).toThrow(RangeError);
    expect(() => proxy.throttle(0)).toThrow(RangeError);
    expect(() => proxy.split(0)).toThrow(RangeError);
    expect(() => proxy.dropAfter(Number.NaN, 'clientToServer')).toThrow(RangeError);
  });

  it('records nothing unless asked', async () => {
    const silent = await faultProxy({ target: server });
    const client = await Peer.connect(silent);
    client.send('a');
    await client.received('a');
    expect(silent.conversations).toEqual([]);
    await silent.stop();
  });
});
