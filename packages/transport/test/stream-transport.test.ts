/** Checks what the contract suite cannot test without Deno or Cloudflare. */
import { Recorder } from '@puka/testkit/transport-contract';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ByteStream, StreamTransport } from '../src/stream-transport.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('StreamTransport', () => {
  it('breaks if bytes were transferred while they waited, never within write()', async () => {
    const sent: number[] = [];
    let endRead: (end: null) => void = () => {};
    const stream: ByteStream = {
      read: () => new Promise((resolve) => (endRead = resolve)),
      write: async (bytes) => {
        sent.push(...bytes);
        return bytes.length;
      },
      closeWrite: async () => {},
      close: () => endRead(null),
    };
    const recorder = new Recorder();
    const runtime = { name: 'Test', errorCode: () => undefined, isUnannouncedEnd: () => false };
    const transport = new StreamTransport({
      ...{ stream, runtime, socket: undefined, handlers: recorder },
      ...{ host: 'host', port: 1, mode: 'push' },
    });
    await vi.advanceTimersByTimeAsync(0);
    const lost = new Uint8Array(20_000);
    transport.write([Uint8Array.of(1), lost]);
    structuredClone(lost, { transfer: [lost.buffer] });
    expect(recorder.events).toEqual([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([1]);
    expect(recorder.events).toEqual(['close']);
    expect(recorder.closeError?.message).toContain('transferred');
    expect(transport.write([Uint8Array.of(2)])).toBe(false);
  });
});
