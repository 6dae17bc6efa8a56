/** The errors of the adapters of other runtimes on Node. */

import { freshBytes, type TransportConnector, type TransportHandlers } from '@puka/transport';
import { bunConnector } from '@puka/transport/bun';
import { denoConnector } from '@puka/transport/deno';
import { describe, expect, it } from 'vitest';
import * as bunRoot from '../src/index-bun.ts';
import * as denoRoot from '../src/index-deno.ts';

const handlers: TransportHandlers = {
  onData: () => expect.unreachable(),
  onReadable: () => expect.unreachable(),
  onDrain: () => expect.unreachable(),
  onEnd: () => expect.unreachable(),
  onClose: () => expect.unreachable(),
};

describe.each<[string, TransportConnector, object]>([
  ['deno', denoConnector, denoRoot],
  ['bun', bunConnector, bunRoot],
])('the adapter of %s', (name, connector, root) => {
  it('is what the root exports there, with freshBytes', () => {
    expect({ ...root }).toEqual({ defaultConnector: connector, freshBytes });
    expect(connector.runtime).toBe(name);
  });

  it('says on another runtime that it is the wrong one', async () => {
    const error = expect.objectContaining({
      name: 'UsageError',
      message: expect.stringContaining(`transport/${name} needs`),
    });
    await expect(connector.connect({ host: 'localhost', port: 1 }, handlers)).rejects.toEqual(error);
    await expect(connector.readFile?.('a.pem')).rejects.toEqual(error);
  });
});
