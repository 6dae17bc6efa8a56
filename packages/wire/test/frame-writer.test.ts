import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { ByteWriter } from '../src/byte-writer.ts';
import { beginFrame, endFrame, writeHeartbeat } from '../src/frame-writer.ts';
import { concat, toHex } from './hex.ts';

it('writes a heartbeat of eight octets', () => {
  const writer = new ByteWriter();
  writeHeartbeat(writer);
  expect(toHex(concat(...writer.take()))).toBe('080000' + '00000000' + 'ce');
});

it('puts the size into the header, also when the frame moved to another chunk', () => {
  const writer = new ByteWriter(16);
  writer.begin();
  writer.writeUint64(0);
  writer.begin();
  const frameAt = beginFrame(writer, 1, 0xfffe);
  writer.writeUint64(1);
  writer.writeUint64(2);
  endFrame(writer, frameAt);
  const [, frame] = writer.take();
  expect(frame === undefined ? '' : toHex(frame)).toBe(
    '01fffe' + '00000010' + '0000000000000001' + '0000000000000002' + 'ce',
  );
});

it('writes several frames of one unit', () => {
  const writer = new ByteWriter(16);
  writer.begin();
  for (let channel = 1; channel <= 3; channel++) {
    const frameAt = beginFrame(writer, 3, channel);
    writer.writeUint8(channel);
    endFrame(writer, frameAt);
  }
  expect(toHex(concat(...writer.take()))).toBe('0300010000000101ce' + '0300020000000102ce' + '0300030000000103ce');
});

it('refuses a channel beyond 65535', () => {
  expect(() => beginFrame(new ByteWriter(), 1, 65_536)).toThrow(UsageError);
});
