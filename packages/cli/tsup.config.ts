import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  // It is not published: what is used of it comes with the program.
  noExternal: ['@puka/testkit'],
  // A map would name sources of the test kit, which do not come with the package.
  sourcemap: false,
  clean: true,
  dts: false,
  removeNodeProtocol: false,
});
