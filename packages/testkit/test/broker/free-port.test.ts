import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { claimPort } from '../../src/broker/index.ts';

const { chosen } = vi.hoisted(() => ({ chosen: [] as number[] }));

/** The ports of `chosen` are the next that are tried. */
vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:crypto')>();
  return { ...original, randomInt: (min: number, max: number) => chosen.shift() ?? original.randomInt(min, max) };
});

beforeEach(() => chosen.splice(0));

async function serve(port: number): Promise<() => Promise<unknown>> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    server.close();
    await once(server, 'close');
  };
}

describe('a port that is claimed', () => {
  it('can be listened on, again and again', async () => {
    const { port, release } = await claimPort();
    for (let time = 0; time < 2; time++) await (await serve(port))();
    release();
  });

  it('is given to nobody else while nobody listens on it, and again once it is released', async () => {
    const first = await claimPort();
    chosen.push(first.port);
    const second = await claimPort();
    expect(second.port).not.toBe(first.port);
    first.release();
    first.release();
    chosen.push(first.port);
    const third = await claimPort();
    expect(third.port).toBe(first.port);
    second.release();
    third.release();
  });

  it('is one that no stranger listens on', async () => {
    const { port, release } = await claimPort();
    release();
    const close = await serve(port);
    chosen.push(port, port);
    const other = await claimPort();
    expect(other.port).not.toBe(port);
    await close();
    chosen.push(port);
    const again = await claimPort();
    // What it held to look has been let go.
    expect(again.port).toBe(port);
    other.release();
    again.release();
  });
});
