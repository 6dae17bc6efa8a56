import { ByteWriter, decodeMethod, FrameDecoder } from '@puka/wire';
import { expect, it } from 'vitest';
import { PublisherConfirms } from '../../src/protocol/publisher-confirms.ts';

/** The methods written: `ack 3*` is one for many. */
function told(write: (writer: ByteWriter) => void): string[] {
  const writer = new ByteWriter();
  write(writer);
  const lines: string[] = [];
  const decoder = new FrameDecoder(
    {
      method(_channel, bytes, start, end) {
        const method = decodeMethod(bytes, start, end);
        if (method.type !== 'basic.ack' && method.type !== 'basic.nack') return;
        lines.push(`${method.type.slice('basic.'.length)} ${method.deliveryTag}${method.multiple ? '*' : ''}`);
      },
      header: () => {},
      body: () => {},
      heartbeat: () => {},
    },
    { frameMaxBytes: 0 },
  );
  for (const chunk of writer.take()) decoder.push(chunk);
  return lines;
}

function confirms(count: number, settled: Readonly<Record<number, boolean>>): PublisherConfirms {
  const all = new PublisherConfirms();
  for (let left = count; left > 0; left--) all.take();
  for (const [tag, isConfirmed] of Object.entries(settled)) all.settle(Number(tag), isConfirmed);
  return all;
}

it.each<readonly [string, number, Readonly<Record<number, boolean>>, readonly string[]]>([
  ['one by itself', 1, { 1: true }, ['ack 1']],
  ['many at once', 3, { 1: true, 2: true, 3: true }, ['ack 3*']],
  ['no open one among many', 4, { 1: true, 2: true, 4: true }, ['ack 2*', 'ack 4']],
  ['no nacked one among many acked', 3, { 1: true, 2: false, 3: true }, ['ack 1*', 'ack 3', 'nack 2']],
  ['many nacked at once', 2, { 1: false, 2: false }, ['nack 2*']],
])('tells %s', (_name, count, settled, expected) => {
  const all = confirms(count, settled);
  expect(told((writer) => all.flush(writer, 1))).toEqual(expected);
});

it('confirms the last first if the order is reversed', () => {
  const all = confirms(3, { 1: true, 2: true, 3: false });
  expect(told((writer) => all.flushReversed(writer, 1))).toEqual(['ack 2', 'ack 1', 'nack 3']);
});

it('confirms nothing twice', () => {
  const all = confirms(1, { 1: true });
  told((writer) => all.flush(writer, 1));
  all.settle(1, true);
  expect([all.isWaiting, all.openCount]).toEqual([false, 0]);
});
