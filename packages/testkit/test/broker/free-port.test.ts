import { once } from 'node:events';
import { createServer } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isPortTaken } from '../../src/broker/free-port.ts';
import { claimPort } from '../../src/broker/index.ts';
import { epmdIsGone } from '../../src/broker/installed-node.ts';

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

  it('is given to nobody else while no server listens on it, and again once it is released', async () => {
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
    // What it held to look has been released.
    expect(again.port).toBe(port);
    other.release();
    again.release();
  });
});

describe('what a start has complained of', () => {
  it.each([
    ['Failed to start Ranch listener {acceptor,{127,0,0,1},17001} in ranch_tcp:listen for reason eaddrinuse', true],
    ['ERROR: could not bind to distribution port 17001 on host localhost. It could be in use by another process', true],
    ["reason: {'EXIT',nodistribution}", true],
    ['Bind for 127.0.0.1:17001 failed: port is already allocated', true],
    [epmdIsGone, true],
    ['Error during startup: {error,no_configuration_schema_found}', false],
    ['it ended with status 1', false],
  ])('%s: a port taken meanwhile, %s', (text, isTaken) => {
    expect(isPortTaken(text)).toBe(isTaken);
  });
});
