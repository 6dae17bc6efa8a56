import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [
    'src/{index,index-deno,index-bun,index-workerd,index-browser}.ts',
    'src/{node,deno,bun,cloudflare,memory,websocket}/index.ts',
  ],
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/, /^@puka\//],
  sourcemap: true,
  // The sources come with the package: the maps need not hold them a second time.
  esbuildOptions: (options) => {
    options.sourcesContent = false;
  },
  clean: true,
  dts: false,
  // Deno takes built-in modules only by their full name.
  removeNodeProtocol: false,
});
