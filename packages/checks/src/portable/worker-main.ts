/**
 * Ends a bundle of tests for workerd: a request runs what the files before it declared, and is answered with what is printed, line by
 * line. It must not declare tests. PUKA_TEST_FILTER is a part of the names to run.
 */
import { collector } from './collector.ts';
import { runCollected } from './run.ts';

const listen: unknown = Reflect.get(globalThis, 'addEventListener');
if (typeof listen === 'function') {
  listen.call(globalThis, 'unhandledrejection', ({ reason }: { reason: unknown }) =>
    collector.strayErrors.push({ error: reason }),
  );
}

const worker: { fetch(): Response } = {
  fetch() {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        await runCollected((line) => controller.enqueue(encoder.encode(`${line}\n`)), process.env.PUKA_TEST_FILTER);
        controller.close();
      },
    });
    return new Response(body);
  },
};
export default worker;
