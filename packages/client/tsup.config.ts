import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/session/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/, /^@puka\//],
  sourcemap: true,
  clean: true,
  dts: false,
});
