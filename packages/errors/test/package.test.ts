import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

describe('the package', () => {
  it('imports nothing but its own files', () => {
    const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const foreign = paths.flatMap((path) => {
      const text = readFileSync(join(root, 'src', path), 'utf8');
      // Lines of doc comments are left out: their examples import the package itself.
      const code = text.replaceAll(/^\s*\*.*$/gm, '');
      return [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap(([, from]) =>
        from?.startsWith('.') ? [] : [`${path}: ${from}`],
      );
    });

    expect(paths.length).toBeGreaterThan(5);
    expect(foreign).toEqual([]);
  });

  it('depends on no other package', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest).not.toHaveProperty('peerDependencies');
    expect(manifest).not.toHaveProperty('optionalDependencies');
  });
});
