import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { versionSource } from '../../scripts/version-source.ts';

it('is the version of package.json: run pnpm --filter @puka/client gen', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const generated = await readFile(new URL('../../src/generated/version.ts', import.meta.url), 'utf8');
  expect(generated).toBe(versionSource(manifest));
});

it('is read from nothing but a manifest with a version', () => {
  expect(versionSource('{ "version": "1.2.3" }')).toContain("packageVersion = '1.2.3';");
  expect(() => versionSource('{}')).toThrow('no version');
});
