/**
 * The memory that Node reads a socket into, through its option `onread`. Connections on which little comes share it; one on
 * which much comes has a slab of its own until that has passed. It must not decide what becomes of the bytes.
 */
import { Slab } from '../slab.ts';
import { markUntransferable } from '../untransferable.ts';

/** What a read into shared memory can take, in bytes: no more than a slab always has room for. One that fills it leaves more behind. */
const landingBytes = 2048;
/** A read of up to so many bytes is tiny: a heartbeat, a confirm. */
const tinyReadBytes = 64;
/** A connection releases its own slab, which has grown with its reads, after so many tiny reads in a row. */
const mostTinyReads = 32;
/** A connection that shares gets a slab of its own after so many reads that were not tiny. Its reads are not copied any more. */
const mostSharedReads = 32;

/**
 * What shared reads go into first. Node reads and calls back without anything between, so one place does for all sockets.
 * That does not hold on Windows, where reads are under way in the system, nor for what Bun and Deno have in the place of Node.
 */
const landing = new Uint8Array(landingBytes);
const mayShare = process.platform !== 'win32' && !('bun' in process.versions) && !('deno' in process.versions);
/** Where shared reads are copied to, side by side: the landing is read into again before a message is done with. */
let sharedSlab: Slab | undefined;

/** Takes what was read. */
export interface Receiver {
  /** @param isLast see `onData` of the contract. */
  receive(bytes: Uint8Array, isLast: boolean | undefined): void;
}

/** Reads of one socket. The option `onread` of that socket. */
export class SocketReader {
  readonly #isPlain: boolean;
  #slab: Slab | undefined;
  #roomBytes = 0;
  #tinyReads = 0;
  /** Reads that were not tiny, since the connection began to share. */
  #sharedReads = 0;
  receiver: Receiver | undefined = undefined;

  /** @param isPlain a read that leaves room has emptied the socket. TLS hands out what it has decrypted, record by record. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain;
    if (!mayShare) this.#slab = new Slab(markUntransferable);
  }

  /** Takes back memory that was read into last. */
  giveBack(bytes: Uint8Array): void {
    (this.#slab ?? sharedSlab)?.giveBack(bytes);
  }

  /** Called for the first read and after every read; also once more for each address tried, so it must not use room up. */
  readonly buffer = (): Uint8Array => {
    const room = this.#slab?.room() ?? landing;
    this.#roomBytes = room.length;
    return room;
  };

  readonly callback = (readBytes: number): boolean => {
    const isLast = this.#isPlain ? readBytes < this.#roomBytes : undefined;
    const bytes = this.#slab?.take(readBytes) ?? landed(readBytes);
    this.receiver?.receive(bytes, isLast);
    // Not before: what was read may be given back meanwhile.
    this.#choose(readBytes);
    return true;
  };

  /** Which memory the next read goes into. */
  #choose(readBytes: number): void {
    if (readBytes > tinyReadBytes) {
      this.#tinyReads = 0;
      if (this.#slab === undefined && (readBytes >= landingBytes || ++this.#sharedReads >= mostSharedReads))
        this.#slab = new Slab(markUntransferable);
    } else if (mayShare && ++this.#tinyReads >= mostTinyReads) {
      this.#slab = undefined;
      this.#sharedReads = 0;
    }
  }
}

/** Copies a read out of the landing. */
function landed(readBytes: number): Uint8Array {
  sharedSlab ??= new Slab(markUntransferable);
  return sharedSlab.copy(landing, readBytes);
}
