import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/, /^@puka\//, /^@opentelemetry\//],
  sourcemap: true,
  // The sources come with the package: the maps need not hold them a second time.
  esbuildOptions: (options) => {
    options.sourcesContent = false;
  },
  clean: true,
  dts: false,
});
