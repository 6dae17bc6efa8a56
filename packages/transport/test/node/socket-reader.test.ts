import { expect, it } from 'vitest';
import { SocketReader } from '../../src/node/socket-reader.ts';

class Reading {
  readonly reads: { readonly bytes: Uint8Array; readonly isLast: boolean | undefined }[] = [];
  readonly reader: SocketReader;

  constructor(isPlain = true) {
    this.reader = new SocketReader(isPlain);
    this.reader.receiver = { receive: (bytes, isLast) => this.reads.push({ bytes, isLast }) };
  }

  /** Reads as Node does: fills the front of the room, then calls back. */
  read(fillWith: number, byteCount?: number): Uint8Array {
    const room = this.reader.buffer();
    const count = byteCount ?? room.length;
    room.fill(fillWith, 0, count);
    this.reader.callback(count);
    return this.reads.at(-1)?.bytes ?? new Uint8Array(0);
  }

  get roomBytes(): number {
    return this.reader.buffer().length;
  }
}

it('shares the memory for short reads with all other sockets', () => {
  const [one, other] = [new Reading(), new Reading()];
  const [first, second, third] = [one.read(1, 10), other.read(2, 10), one.read(3, 10)];
  expect(other.reader.buffer() === one.reader.buffer()).toBe(true);
  // Sockets of tests before have filled the memory to anywhere: a new block may begin after one of the reads, not after two.
  expect([second.buffer === first.buffer, third.buffer === second.buffer]).toContain(true);
});

it('never changes bytes of one socket by a read of another, unless they are given back', () => {
  const readings = Array.from({ length: 5 }, () => new Reading());
  const kept: { readonly bytes: Uint8Array; readonly value: number }[] = [];
  for (let turn = 0; turn < 2000; turn++) {
    const value = turn % 251;
    const reading = readings[turn % 5];
    const bytes = reading?.read(value, turn % 7 === 0 ? undefined : (turn * 37) % 2048) ?? new Uint8Array(0);
    if (turn % 3 === 0) reading?.reader.giveBack(bytes);
    else kept.push({ bytes, value });
  }
  expect(kept.every(({ bytes, value }) => bytes.every((octet) => octet === value))).toBe(true);
});

it('reads again where a short read was given back', () => {
  const reading = new Reading();
  const first = reading.read(1, 10);
  reading.reader.giveBack(first);
  const second = new Reading().read(2, 10);
  expect([second.buffer, second.byteOffset]).toEqual([first.buffer, first.byteOffset]);
});

it('takes memory of its own once a read has left more behind', () => {
  const [busy, idle] = [new Reading(), new Reading()];
  busy.read(1);
  expect(busy.roomBytes).toBe(16_384);
  expect(idle.roomBytes).toBe(2048);
  const [first, second] = [busy.read(2, 5000), busy.read(3, 5000)];
  expect(second.buffer).toBe(first.buffer);
  expect(second.byteOffset).toBe(first.byteOffset + 5000);
});

it('takes memory of its own after 32 reads of more than 64 bytes, and counts them anew when it has given it up', () => {
  const reading = new Reading();
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 31; count++) {
      reading.read(1, 65);
      reading.read(1, 64);
    }
    expect(reading.roomBytes).toBe(2048);
    reading.read(1, 65);
    expect(reading.roomBytes).toBe(16_384);
    for (let count = 0; count < 32; count++) reading.read(1, 64);
  }
  expect(reading.roomBytes).toBe(2048);
});

it('gives up its own memory after 32 reads of 64 bytes or less in a row', () => {
  const reading = new Reading();
  reading.read(1);
  for (let count = 0; count < 31; count++) reading.read(1, 64);
  reading.read(1, 65);
  for (let count = 0; count < 31; count++) reading.read(1, 64);
  expect(reading.roomBytes).toBeGreaterThan(2048);
  reading.read(1, 64);
  expect(reading.roomBytes).toBe(2048);
});

it('reports whether a plain read has emptied the socket, and knows nothing of it for TLS', () => {
  const [plain, secure] = [new Reading(true), new Reading(false)];
  for (const reading of [plain, secure]) {
    reading.read(1, 2047);
    reading.read(1);
    reading.read(1, 16_383);
  }
  expect(plain.reads.map(({ isLast }) => isLast)).toEqual([true, false, true]);
  expect(secure.reads.map(({ isLast }) => isLast)).toEqual([undefined, undefined, undefined]);
});
