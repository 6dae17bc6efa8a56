/**
 * Times the codec's per-message paths: decoding a stream of small deliveries, writing publishes, tables and strings.
 * Run with `pnpm bench [word]` in packages/wire; the word picks cases by name. It prints nanoseconds for one operation,
 * the median and the fastest of many rounds: on a busy machine only the fastest can be compared.
 */

import { Bench } from 'tinybench';
import { ByteReader } from '../src/byte-reader.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { writeBody } from '../src/content.ts';
import { decodeTable, encodeTable, writeFieldTable } from '../src/field-table.ts';
import { FrameDecoder, type FrameSink } from '../src/frame-decoder.ts';
import { beginFrame, endFrame } from '../src/frame-writer.ts';
import { writeContentHeader } from '../src/properties.ts';
import { contentBodySize, contentPropertiesOffset, PropertiesReader } from '../src/properties-reader.ts';
import { ShortStringCache } from '../src/short-string-cache.ts';

const chunkBytes = 65_536;
const body = new Uint8Array(16).fill(0x78);
const properties = { contentType: 'application/octet-stream', deliveryMode: 2 };
const headers = { 'x-retry': 3, 'trace-id': '4bf92f3577b34da6a3ce929d0e0e4736', sampled: true };

/** Method, header and body of a message, with the fields of a basic.deliver or basic.publish. */
function writeMessage(writer: ByteWriter, messageProperties: object): void {
  writer.begin();
  const frameAt = beginFrame(writer, 1, 1);
  writer.writeUint32(0x003c0028);
  writer.writeUint16(0);
  writer.writeShortString('orders');
  writer.writeShortString('orders.created.eu');
  writer.writeUint8(0);
  endFrame(writer, frameAt);
  writeContentHeader(writer, 1, body.length, messageProperties, 131_072);
  writeBody(writer, 1, body, 131_072);
}

/** A stream of messages in chunks of one memory, and how many there are in it. */
function stream(messageProperties: object): { readonly chunks: readonly Uint8Array[]; readonly messages: number } {
  const writer = new ByteWriter(chunkBytes);
  writeMessage(writer, messageProperties);
  const messages = Math.floor((8 * chunkBytes) / writer.pendingBytes);
  const all = new Uint8Array(8 * chunkBytes);
  let at = 0;
  for (let index = 1; index < messages; index++) writeMessage(writer, messageProperties);
  for (const piece of writer.take()) {
    all.set(piece, at);
    at += piece.length;
  }
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < at; from += chunkBytes) chunks.push(all.subarray(from, Math.min(from + chunkBytes, at)));
  return { chunks, messages };
}

/** Counts frames and looks at nothing. */
class CountingSink implements FrameSink {
  frames = 0;
  method(): void {
    this.frames++;
  }
  header(): void {
    this.frames++;
  }
  body(): void {
    this.frames++;
  }
  heartbeat(): void {
    this.frames++;
  }
}

/** Reads what a consumer needs of each message. */
class ReadingSink implements FrameSink {
  total = 0;
  private readonly cache = new ShortStringCache();
  method(_channel: number, bytes: Uint8Array, start: number): void {
    const exchangeEnd = start + 7 + (bytes[start + 6] ?? 0);
    this.total += this.cache.read(bytes, start + 7, exchangeEnd).length;
    const keyEnd = exchangeEnd + 1 + (bytes[exchangeEnd] ?? 0);
    this.total += this.cache.read(bytes, exchangeEnd + 1, keyEnd).length;
  }
  header(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.total += contentBodySize(bytes, start, end);
    const reader = new PropertiesReader(bytes, start + contentPropertiesOffset, end);
    this.total += reader.deliveryMode ?? 0;
  }
  body(_channel: number, _bytes: Uint8Array, start: number, end: number): void {
    this.total += end - start;
  }
  heartbeat(): void {}
}

/** Operations in one round, so that reading the clock does not count. */
const roundSize = 1000;
const word = process.argv[2] ?? '';
const bench = new Bench({ time: 1000, warmupTime: 300 });
const operations = new Map<string, number>();

/** Registers a case whose call does so many operations. */
function add(name: string, count: number, call: () => unknown): void {
  if (!name.includes(word)) return;
  operations.set(name, count);
  bench.add(name, call);
}

/** Registers a case of one operation, done a thousand times a round. */
function addOne(name: string, call: () => unknown): void {
  add(name, roundSize, () => {
    let last: unknown;
    for (let index = 0; index < roundSize; index++) last = call();
    return last;
  });
}

const plain = stream(properties);

add('decode: a frame of 16 B deliveries', plain.messages * 3, () => {
  const sink = new CountingSink();
  const decoder = new FrameDecoder(sink);
  for (const chunk of plain.chunks) decoder.push(chunk);
  return sink.frames;
});

add('decode: a 16 B delivery, read', plain.messages, () => {
  const sink = new ReadingSink();
  const decoder = new FrameDecoder(sink);
  for (const chunk of plain.chunks) decoder.push(chunk);
  return sink.total;
});

const writer = new ByteWriter();
const withHeaders = { contentType: 'application/json', headers, deliveryMode: 2 };
const large = new Uint8Array(1_000_000);

/** Writes publishes and takes them as a session would. */
function addPublish(name: string, messageProperties: object): void {
  addOne(name, () => {
    writeMessage(writer, messageProperties);
    if (writer.pendingBytes > 32_768) writer.take();
  });
}

addPublish('write: a 16 B publish', properties);
addPublish('write: a 16 B publish with three headers', withHeaders);
add('write: a body of 1 MB by reference', 100, () => {
  for (let index = 0; index < 100; index++) {
    writer.begin();
    writeBody(writer, 1, large, 131_072);
    writer.take();
  }
});

const table = encodeTable(headers);
const names = { names: new ShortStringCache() };
const reader = new PropertiesReader(new Uint8Array([0x90, 0, 4, 97, 98, 99, 100, 2]));

addOne('table: decode three fields', () => decodeTable(table));
addOne('table: decode three fields, names from the cache', () => decodeTable(table, names));
addOne('table: encode three fields', () => {
  writer.begin();
  writeFieldTable(writer, headers);
  writer.rollback();
});
addOne('properties: the second of two', () => reader.deliveryMode);

for (const size of [5, 10, 20, 40]) {
  const text = 'abcdefghijklmnopqrstuvwxyz0123456789abcd'.slice(0, size);
  const bytes = Uint8Array.of(size, ...new TextEncoder().encode(text));
  const cache = new ShortStringCache();
  addOne(`string: write ${size}`, () => {
    writer.begin();
    writer.writeShortString(text);
    writer.rollback();
  });
  addOne(`string: read ${size}`, () => new ByteReader(bytes).readShortString());
  addOne(`string: read ${size} from the cache`, () => cache.read(bytes, 1, 1 + size));
}

await bench.run();
console.log('ns/op: median, fastest');
for (const task of bench.tasks) {
  const { result } = task;
  if (!('latency' in result)) continue;
  const count = operations.get(task.name) ?? 1;
  const nanoseconds = (milliseconds: number): string => ((milliseconds * 1e6) / count).toFixed(1).padStart(10);
  console.log(`${nanoseconds(result.latency.p50)} ${nanoseconds(result.latency.min)}  ${task.name}`);
}
