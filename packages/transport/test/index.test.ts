import * as root from '@puka/transport';
import { nodeConnector } from '@puka/transport/node';
import { expect, it } from 'vitest';

it('the root exports the adapter of the runtime as defaultConnector, and nothing else', () => {
  expect(root.defaultConnector).toBe(nodeConnector);
  expect(Object.keys(root)).toEqual(['defaultConnector']);
});
