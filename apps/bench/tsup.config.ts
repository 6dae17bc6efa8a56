import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/calls-cli.ts', 'src/index.ts', 'src/child.ts', 'src/embedded-child.ts'],
  format: 'esm',
  target: 'es2023',
  platform: 'node',
  external: [/^@puka\//, 'amqplib', 'rabbitmq-client', '@cloudamqp/amqp-client'],
  sourcemap: true,
  clean: true,
  dts: false,
});
