/**
 * The floor: what a JavaScript program pays that copies one prepared publish again and again, counts confirms, counts
 * deliveries by the frame and acks what has come at once. No client can be cheaper; it can do nothing else.
 */
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  ByteWriter,
  encodeBasicAck,
  encodeBasicConsume,
  encodeBasicPublish,
  encodeBasicQos,
  encodeChannelOpen,
  encodeConfirmSelect,
  encodeConnectionClose,
  encodeConnectionOpen,
  encodeConnectionStartOk,
  encodeConnectionTuneOk,
  encodeProperties,
  MethodId,
  protocolHeader,
  writeBody,
  writeRawContentHeader,
} from '@puka/wire';
import { type BenchClient, type Job, prefetchCount } from '../job.ts';

const frameMax = 131_072;
const channel = 1;

/** Called with each method's id, and where its arguments start. */
type Listener = (id: number, bytes: Uint8Array, start: number) => void;

/** Walks over whole frames; a frame that is not all there waits for the next chunk. */
class FrameWalk {
  listener: Listener = () => {};
  /** The chunk has been walked over. */
  chunkDone: () => void = () => {};
  private rest: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + 8 <= bytes.length) {
      const end = at + 8 + readUint32(bytes, at + 3);
      if (end > bytes.length) break;
      if (bytes[at] === 1) this.listener(readUint32(bytes, at + 7), bytes, at + 11);
      at = end;
    }
    this.rest = bytes.subarray(at);
    this.chunkDone();
  }
}

export async function connect(url: string): Promise<BenchClient> {
  const { protocol, hostname: host, port, username, password, pathname } = new URL(url);
  const isTls = protocol === 'amqps:';
  const address = { host, port: Number(port || (isTls ? 5671 : 5672)) };
  const socket = isTls ? connectTls(address) : createConnection(address);
  socket.setNoDelay(true);
  const walk = new FrameWalk();
  const writer = new ByteWriter();
  socket.on('data', (chunk) => walk.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  writer.writeBytes(protocolHeader);
  const part = await answer(socket, walk, writer, MethodId.connectionStart);
  const response = `\0${decodeURIComponent(username || 'guest')}\0${decodeURIComponent(password || 'guest')}`;
  encodeConnectionStartOk(part, 0, { clientProperties: {}, mechanism: 'PLAIN', response, locale: 'en_US' });
  await answer(socket, walk, part, MethodId.connectionTune);
  encodeConnectionTuneOk(writer, 0, { channelMax: 10, frameMax, heartbeat: 0 });
  encodeConnectionOpen(writer, 0, { virtualHost: decodeURIComponent(pathname.slice(1)) || '/' });
  encodeChannelOpen(writer, channel);
  await answer(socket, walk, writer, MethodId.channelOpenOk);
  return {
    publish: (job) => publish(socket, walk, job),
    consume: (job) => consume(socket, walk, job),
    close: async () => {
      encodeConnectionClose(writer, 0, { replyCode: 200, replyText: '', classId: 0, methodId: 0 });
      await answer(socket, walk, writer, MethodId.connectionCloseOk);
      socket.destroy();
    },
  };
}

/** Sends what is written and waits for the method. */
function answer(socket: Socket, walk: FrameWalk, writer: ByteWriter, awaited: number): Promise<ByteWriter> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    walk.listener = (id) => {
      if (id === awaited) resolve(writer);
    };
    for (const chunk of writer.take()) socket.write(chunk);
  });
}

async function publish(socket: Socket, walk: FrameWalk, job: Job): Promise<void> {
  const { queue, count, size, window } = job;
  const writer = new ByteWriter();
  encodeConfirmSelect(writer, channel);
  await answer(socket, walk, writer, MethodId.confirmSelectOk);
  encodeBasicPublish(writer, channel, { routingKey: queue }, frameMax);
  writeRawContentHeader(writer, channel, size, encodeProperties({}), frameMax);
  writeBody(writer, channel, new Uint8Array(size).fill(1), frameMax, size);
  const frames = new Uint8Array(Buffer.concat(writer.take()));
  await new Promise<void>((resolve) => {
    let sent = 0;
    /** All tags up to this one are confirmed, and those in `early`. */
    let confirmed = 0;
    const early = new Set<number>();
    const fill = (): void => {
      const due = Math.min(count - sent, window - (sent - confirmed));
      if (due === 0) return;
      const chunk = new Uint8Array(due * frames.length);
      for (let index = 0; index < due; index++) chunk.set(frames, index * frames.length);
      sent += due;
      socket.write(chunk);
    };
    walk.listener = (id, bytes, start) => {
      if (id !== MethodId.basicAck) return;
      const tag = readUint32(bytes, start + 4);
      if (bytes[start + 8] === 1 || tag === confirmed + 1) confirmed = Math.max(confirmed, tag);
      else early.add(tag);
      if (early.size > 0) while (early.delete(confirmed + 1)) confirmed++;
    };
    walk.chunkDone = () => {
      if (confirmed >= count) resolve();
      else fill();
    };
    fill();
  });
  walk.chunkDone = () => {};
}

async function consume(socket: Socket, walk: FrameWalk, { queue, count, mode }: Job): Promise<void> {
  const noAck = mode === 'consume-no-ack';
  const writer = new ByteWriter();
  if (!noAck) encodeBasicQos(writer, channel, { prefetchCount });
  encodeBasicConsume(writer, channel, { queue, noAck });
  await new Promise<void>((resolve) => {
    let left = count;
    let last = 0;
    let acked = 0;
    walk.listener = (id, bytes, start) => {
      if (id !== MethodId.basicDeliver) return;
      last = readUint32(bytes, start + 1 + (bytes[start] ?? 0) + 4);
      left--;
    };
    walk.chunkDone = () => {
      if (!noAck && last > acked) {
        encodeBasicAck(writer, channel, { deliveryTag: last, multiple: true });
        for (const chunk of writer.take()) socket.write(chunk);
        acked = last;
      }
      if (left === 0) resolve();
    };
    for (const chunk of writer.take()) socket.write(chunk);
  });
  walk.chunkDone = () => {};
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}
