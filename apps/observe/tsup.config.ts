import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//, /^@opentelemetry\//],
  sourcemap: true,
  clean: true,
  dts: false,
});
