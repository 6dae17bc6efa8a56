/** A connection of Deno as the shared transport reads and writes it. It must not know when to do so. */
import { Slab } from '../slab.ts';
import type { ByteStream } from '../stream-transport.ts';
import { markUntransferable } from '../untransferable.ts';
import type { DenoConn } from './deno-api.ts';

export class ConnStream implements ByteStream {
  readonly #conn: DenoConn;
  readonly #slab = new Slab(markUntransferable);

  constructor(conn: DenoConn) {
    this.#conn = conn;
  }

  async read(): Promise<Uint8Array | null> {
    const count = await this.#conn.read(this.#slab.room());
    return count === null ? null : this.#slab.take(count);
  }

  giveBack(bytes: Uint8Array): void {
    this.#slab.giveBack(bytes);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }
}
