import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [
    'src/calls-cli.ts',
    'src/index.ts',
    'src/page-cli.ts',
    'src/child.ts',
    'src/embedded-child.ts',
    'src/start-child.ts',
  ],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//, 'amqplib', 'rabbitmq-client', '@cloudamqp/amqp-client', 'echarts', 'esbuild'],
  sourcemap: true,
  clean: true,
  dts: false,
});
