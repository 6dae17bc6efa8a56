import * as root from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';
import { expect, it } from 'vitest';
import * as browserRoot from '../src/index-browser.ts';

it('the root exports the adapter of the runtime as defaultConnector, and freshBytes', () => {
  expect(root.defaultConnector).toBe(nodeConnector);
  expect(Object.keys(root).sort()).toEqual(['defaultConnector', 'freshBytes']);
});

it('the root in browsers exports WebSockets as defaultConnector, and freshBytes', () => {
  expect({ ...browserRoot }).toEqual({
    defaultConnector: expect.objectContaining({ runtime: 'websocket' }),
    freshBytes: root.freshBytes,
  });
});
