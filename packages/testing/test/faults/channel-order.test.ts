import { expect, it } from 'vitest';
import { reorderChannels } from '../../src/faults/channel-order.ts';

/** A method frame with one byte of payload. */
function frame(channel: number, payload: number): number[] {
  return [1, 0, channel, 0, 0, 0, 1, payload, 0xce];
}

const bytesOf = (...frames: readonly number[][]): Uint8Array => new Uint8Array(frames.flat());

/** Channel and payload of each frame. */
function shown(chunks: readonly Uint8Array[]): string[] {
  const bytes = chunks.flatMap((chunk) => [...chunk]);
  return Array.from({ length: bytes.length / 9 }, (_, index) => `${bytes[index * 9 + 2]}:${bytes[index * 9 + 7]}`);
}

it('puts the last channel first and keeps the order in each', () => {
  const bytes = bytesOf(frame(1, 1), frame(2, 2), frame(1, 3), frame(2, 4));
  expect(shown(reorderChannels([bytes]))).toEqual(['2:2', '2:4', '1:1', '1:3']);
});

it('lets nothing pass a frame of the connection', () => {
  const bytes = bytesOf(frame(1, 1), frame(2, 2), frame(0, 3), frame(1, 4), frame(2, 5));
  expect(shown(reorderChannels([bytes]))).toEqual(['2:2', '1:1', '0:3', '2:5', '1:4']);
});

it('finds frames that lie across chunks', () => {
  const bytes = bytesOf(frame(1, 1), frame(2, 2));
  expect(shown(reorderChannels([bytes.subarray(0, 5), bytes.subarray(5, 12), bytes.subarray(12)]))).toEqual([
    '2:2',
    '1:1',
  ]);
});

it('leaves a protocol header alone', () => {
  const header = new TextEncoder().encode('AMQP\0\0\t\u0001');
  expect(reorderChannels([header])).toEqual([header]);
});
