import { freshBytes } from '@puka/transport';
import { expect, it } from 'vitest';

// When V8 collects them: `checks/test/conformance/fresh-bytes.test.ts`, on versions of Node where it matters.
it.each([0, 1, 31, 32, 16_384, 131_072, 1_048_577])('makes %s zeroed bytes with a buffer of their own', (byteCount) => {
  const bytes = freshBytes(byteCount);
  expect(bytes.length).toBe(byteCount);
  expect(bytes.buffer.byteLength).toBe(byteCount);
  expect(bytes.every((byte) => byte === 0)).toBe(true);
});
