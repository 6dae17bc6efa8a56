/** A socket of `cloudflare:sockets` as the shared transport reads and writes it. It must not know when to do so. */
import type { ByteStream } from '../stream-transport.ts';
import type { CloudflareReader, CloudflareSocket, CloudflareWriter } from './cloudflare-api.ts';

const scratchBytes = 64 * 1024;

export class SocketStream implements ByteStream {
  readonly #socket: CloudflareSocket;
  readonly #reader: CloudflareReader;
  readonly #writer: CloudflareWriter;
  /** Goes into each read and comes back from it. */
  #scratch: ArrayBufferLike = new ArrayBuffer(scratchBytes);

  constructor(socket: CloudflareSocket) {
    this.#socket = socket;
    // With a buffer of our own a read brings up to 64 KiB; without one 4 KiB.
    this.#reader = socket.readable.getReader({ mode: 'byob' });
    this.#writer = socket.writable.getWriter();
  }

  async read(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read(new Uint8Array(this.#scratch, 0, scratchBytes));
    if (done || value === undefined) return null;
    this.#scratch = value.buffer;
    // In a buffer of its own: nothing here can keep one from being transferred with what else lies in it.
    return value.slice();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.write(bytes);
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    await this.#writer.close();
  }

  close(): void {
    // Without the first, what is being written would go out before the close. After abort(), nothing would be closed at all.
    attempt(() => this.#writer.close());
    attempt(() => this.#reader.cancel(undefined));
    closeSocket(this.#socket);
  }
}

/** Closes a socket that is no longer read or written. */
export function closeSocket(socket: CloudflareSocket): void {
  attempt(() => socket.close());
}

/**
 * Takes no notice of failures: the socket is closed already, or belongs to another request, whose end closes it.
 */
function attempt(step: () => Promise<unknown>): void {
  try {
    step().catch(ignore);
  } catch {
    // As above.
  }
}

function ignore(): void {
  // As above.
}
