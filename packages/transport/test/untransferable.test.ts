import { afterEach, expect, it, vi } from 'vitest';
import { untransferableMarker } from '../src/untransferable.ts';

afterEach(() => vi.unstubAllGlobals());

it('marks a buffer so that a transfer does not detach it', () => {
  const bytes = new Uint8Array(8);
  untransferableMarker()(bytes.buffer);
  const { port1 } = new MessageChannel();
  try {
    // Node 20 copies instead.
    port1.postMessage(bytes, [bytes.buffer]);
  } catch (error) {
    expect(error).toMatchObject({ name: 'DataCloneError' });
  }
  port1.close();
  expect(bytes.length).toBe(8);
});

it.each([
  ['no process', undefined],
  ['a process that is older', {}],
  ['a module without the function', { getBuiltinModule: () => ({}) }],
  ['no such module', { getBuiltinModule: () => undefined }],
])('does nothing where there is %s', (_, process) => {
  vi.stubGlobal('process', process);
  expect(() => untransferableMarker()(new ArrayBuffer(8))).not.toThrow();
});
