/** Reads input as lines or as a whole, in bytes. Must not decode it. */
import { addAbortSignal, Readable } from 'node:stream';
import { UsageError } from '@puka/client';

/** Longest line and longest whole input, in bytes: a message of RabbitMQ's limit, as base64 in JSON. */
export const maxInputBytes: number = 256 * 1024 * 1024;

const newline = 10;

/** The lines without their ends; the last one need not have one. Ends early, without an error, when `signal` is aborted. */
export async function* readLines(input: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(input, signal)) {
    let at = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, at)) {
      yield Buffer.concat([...pieces, chunk.subarray(at, end)]);
      pieces = [];
      size = 0;
      at = end + 1;
    }
    if (at === chunk.length) continue;
    size += chunk.length - at;
    if (size > maxInputBytes) throw new UsageError(`a line of more than ${maxInputBytes} bytes`);
    pieces.push(chunk.subarray(at));
  }
  if (size > 0 && !signal.aborted) yield Buffer.concat(pieces);
}

/** All of it. */
export async function readWhole(input: NodeJS.ReadableStream, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(input, signal)) {
    size += chunk.length;
    if (size > maxInputBytes) throw new UsageError(`an input of more than ${maxInputBytes} bytes`);
    pieces.push(chunk);
  }
  signal.throwIfAborted();
  return Buffer.concat(pieces);
}

async function* chunksOf(input: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    if (input instanceof Readable) addAbortSignal(signal, input);
    for await (const chunk of input) {
      if (signal.aborted) return;
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
