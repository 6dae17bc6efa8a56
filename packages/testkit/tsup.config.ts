import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/cli.ts',
    'src/proxy/index.ts',
    'src/transport-contract/index.ts',
    'src/vitest/broker-setup.ts',
  ],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//, /^vitest/],
  sourcemap: true,
  clean: true,
  dts: false,
});
