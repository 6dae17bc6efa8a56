import { afterEach, expect, it, vi } from 'vitest';
import { findRuntime } from '../../src/conformance/runtimes.ts';

afterEach(() => vi.unstubAllEnvs());

it.each(['deno', 'bun', 'node20'] as const)('another executable can stand for %s', async (name) => {
  vi.stubEnv(`PUKA_${name.toUpperCase()}`, process.execPath);
  const found = await findRuntime(name);
  if (typeof found === 'string') throw new Error(found);
  expect(found.command[0]).toBe(process.execPath);
  expect(found.title).toContain(process.versions.node);
});
