import { expect, test } from 'vitest';
import { jsrConfig } from '../../src/release/jsr-config.ts';

const manifest = {
  name: '@puka/x',
  version: '1.2.3',
  license: 'MIT',
  exports: { '.': { 'puka:source': './src/index.ts', default: './dist/index.js' }, './package.json': './package.json' },
  dependencies: { '@puka/errors': 'workspace:^', commander: 'catalog:' },
};
const versions = new Map([
  ['@puka/errors', '0.4.0'],
  ['commander', '14.0.3'],
]);

test('has the version of package.json, the sources as exports, and each dependency from its registry', () => {
  expect(jsrConfig(manifest, versions)).toMatchObject({
    version: '1.2.3',
    exports: { '.': './src/index.ts' },
    imports: { '@puka/errors': 'jsr:@puka/errors@^0.4.0', commander: 'npm:commander@^14.0.3' },
  });
});

test('refuses an entry point without sources', () => {
  expect(() => jsrConfig({ ...manifest, exports: { '.': { default: './dist/index.js' } } }, versions)).toThrow("'.'");
});

test('refuses a dependency without a version', () => {
  expect(() => jsrConfig(manifest, new Map())).toThrow("'@puka/errors'");
});

test('has the program as the only export of a package that is one', () => {
  const program = { ...manifest, bin: { x: './dist/index.js' }, exports: { './package.json': './package.json' } };
  expect(jsrConfig(program, versions)).toMatchObject({ exports: './src/index.ts' });
});

test('imports its peers too', () => {
  const manifestWithPeer = { ...manifest, dependencies: {}, peerDependencies: { commander: '^14.0.0' } };
  expect(jsrConfig(manifestWithPeer, versions)).toMatchObject({ imports: { commander: 'npm:commander@^14.0.3' } });
});
