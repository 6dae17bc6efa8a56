import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/{index,index-deno,index-bun}.ts', 'src/{node,deno,bun,memory}/index.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'neutral',
  external: [/^node:/, /^@puka\//],
  sourcemap: true,
  clean: true,
  dts: false,
  // Deno takes built-in modules only by their full name.
  removeNodeProtocol: false,
});
