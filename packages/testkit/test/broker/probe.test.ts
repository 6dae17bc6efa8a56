import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { probeBroker } from '../../src/broker/index.ts';
import { faultProxy } from '../../src/proxy/index.ts';

/** For an answer that is to come, on a busy machine too. */
const timeoutMs = 60_000;

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(answer: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: '127.0.0.1', port: address.port };
}

describe('probeBroker', () => {
  it('tells product and version of a broker, also when the answer comes in single bytes', async () => {
    const { hostname, port } = new URL(inject('amqpUrl'));
    const target = { host: hostname, port: Number(port), timeoutMs };
    expect(await probeBroker(target)).toEqual({ product: 'RabbitMQ', version: expect.stringMatching(/^\d+\.\d+/) });
    const proxy = await faultProxy({ target });
    proxy.split(1, 'serverToClient');
    expect((await probeBroker({ ...target, port: proxy.port })).product).toBe('RabbitMQ');
    await proxy.stop();
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    [
      'something else answers',
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /does not speak AMQP 0-9-1/,
    ],
    ['the connection is closed', (socket) => socket.end(), /closed the connection without an answer/],
  ])('rejects when %s', async (_, answer, message) => {
    const target = await answering((socket) => {
      socket.once('data', () => answer(socket));
    });
    await expect(probeBroker({ ...target, timeoutMs })).rejects.toThrow(message);
  });

  it('rejects when nothing comes', async () => {
    const target = await answering(() => undefined);
    await expect(probeBroker({ ...target, timeoutMs: 50 })).rejects.toThrow(/nothing came from .* in 50 ms/);
  });

  it('rejects an answer that is another method', async () => {
    // method frame, channel 0, 4 bytes, connection.tune (10, 30), frame end
    const target = await answering((socket) => socket.write(Uint8Array.of(1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 30, 0xce)));
    await expect(probeBroker({ ...target, timeoutMs })).rejects.toThrow(/not connection.start/);
  });
});
