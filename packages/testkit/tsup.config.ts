import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts', 'src/broker/watchdog.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//],
  sourcemap: true,
  clean: true,
  dts: false,
});
