import { describe, expect, inject, it } from 'vitest';
import { BrokerUnavailable, ensureBroker } from '../../src/broker/index.ts';
import { refusedPort } from '../../src/refused-port.ts';

describe('ensureBroker with a url', () => {
  it('uses the broker it names, and leaves it running', async () => {
    const url = inject('amqpUrl');
    const broker = await ensureBroker({ url });
    expect(broker.url).toBe(url);
    expect([broker.host, broker.port]).toEqual([new URL(url).hostname, Number(new URL(url).port)]);
    expect(broker.version).toMatch(/^\d+\.\d+/);
    expect(broker.launched).toBeUndefined();
    await broker.stop();
    await expect(ensureBroker({ url })).resolves.toBeDefined();
  });

  it('reports what to do when nobody answers there, without the password', async () => {
    const port = await refusedPort();
    const ensuring = ensureBroker({ url: `amqp://user:secret@127.0.0.1:${port}/` });
    await expect(ensuring).rejects.toThrow(BrokerUnavailable);
    await expect(ensuring).rejects.toThrow(/ECONNREFUSED[\s\S]*Start it, correct AMQP_URL, or unset it/);
    await expect(ensuring).rejects.not.toThrow(/secret/);
  });

  it.each(['localhost:5672', 'http://localhost', 'amqp//x'])('refuses %s', async (url) => {
    await expect(ensureBroker({ url })).rejects.toThrow(/not a url of the form/);
  });
});
