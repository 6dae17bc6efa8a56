// One direction of one connection: passes bytes from one socket to the other, through the faults that are
// set at the moment.
// It must keep the order of the bytes and of the end after them, whatever the faults are.

import type { Socket } from 'node:net';
import type { Faults, ProxyTimers } from './faults.ts';

const holdLimitBytes = 4 * 1024 * 1024; // above it the source is not read on
const throttleSlicesPerSecond = 50;

/** What happens on a lane that concerns the whole connection. */
export interface LaneEvents {
  /**
   * Bytes came from the source, as they were sent. The code that takes them keeps them, so they must not be changed.
   */
  received(bytes: Uint8Array): void;
  /** The limit of `dropAfter` was reached and everything before it is written. */
  dropped(): void;
}

interface Held {
  /** Empty: the end of the stream. */
  bytes: Uint8Array;
  readonly arrivedAt: number;
}

/** Made per connection and direction; set going by the first `faultsChanged`, ended by `stop`. */
export class Lane {
  readonly #source: Socket;
  readonly #destination: Socket;
  readonly #faults: Faults;
  readonly #timers: ProxyTimers;
  readonly #events: LaneEvents;
  #held: Held[] = [];
  #heldBytes = 0;
  #receivedBytes = 0;
  #writtenBytes = 0;
  #dropAt: number | undefined;
  #nextWriteAt = Number.NEGATIVE_INFINITY;
  #waiting: (() => void) | undefined;
  #stopped = false;

  constructor(source: Socket, destination: Socket, faults: Faults, timers: ProxyTimers, events: LaneEvents) {
    this.#source = source;
    this.#destination = destination;
    this.#faults = faults;
    this.#timers = timers;
    this.#events = events;
    this.#dropAt = faults.dropAfterBytes;
    source.on('data', (bytes: Buffer) => this.#receive(bytes));
    source.on('end', () => this.#receive(new Uint8Array(0)));
  }

  /** To be called once at the start, and after a change of the faults. */
  faultsChanged(): void {
    this.#pauseOrResume();
    this.#wake();
  }

  /** Counts the limit of `dropAfter` from the bytes that have gone through so far. */
  countDropFromHere(): void {
    const { dropAfterBytes } = this.#faults;
    this.#dropAt = dropAfterBytes === undefined ? undefined : this.#writtenBytes + dropAfterBytes;
    this.#wake();
  }

  /** Forgets what is held and does nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#waiting?.();
    this.#waiting = undefined;
    this.#held = [];
  }

  #receive(bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (bytes.length > 0) this.#events.received(bytes);
    this.#held.push({ bytes: this.#corrupted(bytes), arrivedAt: this.#timers.now() });
    this.#heldBytes += bytes.length;
    this.#receivedBytes += bytes.length;
    this.#pauseOrResume();
    if (this.#waiting === undefined) this.#pump();
  }

  #corrupted(bytes: Uint8Array): Uint8Array {
    const { corruption } = this.#faults;
    if (corruption === undefined) return bytes;
    const offset = this.#receivedBytes;
    return bytes.map((byte, index) => (corruption(byte, offset + index) ? byte ^ 0xff : byte));
  }

  #pauseOrResume(): void {
    if (this.#stopped || this.#faults.blackHole || this.#heldBytes > holdLimitBytes) this.#source.pause();
    else this.#source.resume();
  }

  /** Looks again, now, at what may be written. */
  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
    this.#pump();
  }

  #wait(take: (goOn: () => void) => () => void): void {
    this.#waiting = take(() => {
      this.#waiting = undefined;
      this.#pump();
    });
  }

  /** Writes what may be written now; at most one thing is waited for at a time. */
  #pump(): void {
    while (!this.#stopped && !this.#faults.blackHole) {
      if (this.#dropAt !== undefined && this.#writtenBytes >= this.#dropAt) {
        this.#events.dropped();
        return;
      }
      const [head] = this.#held;
      if (head === undefined) return;
      const delayMs = Math.max(head.arrivedAt + this.#faults.latencyMs, this.#nextWriteAt) - this.#timers.now();
      if (delayMs > 0) {
        this.#wait((goOn) => this.#timers.after(delayMs, goOn));
        return;
      }
      if (head.bytes.length === 0) {
        this.#held = [];
        this.#destination.end();
        return;
      }
      if (!this.#writePiece(head)) return;
    }
  }

  /** @returns whether the next piece may follow in the same turn; if not, something is waited for. */
  #writePiece(head: Held): boolean {
    const size = this.#pieceSize(head.bytes.length);
    const piece = head.bytes.subarray(0, size);
    head.bytes = head.bytes.subarray(size);
    if (head.bytes.length === 0) this.#held.shift();
    this.#heldBytes -= size;
    this.#writtenBytes += size;
    const { bytesPerSecond } = this.#faults;
    if (bytesPerSecond !== Number.POSITIVE_INFINITY)
      this.#nextWriteAt = this.#timers.now() + (size / bytesPerSecond) * 1000;
    if (this.#faults.pieceBytes !== Number.POSITIVE_INFINITY) {
      this.#wait((goOn) => this.#writeAlone(piece, goOn));
      return false;
    }
    const roomLeft = this.#destination.write(piece);
    this.#pauseOrResume();
    if (roomLeft) return true;
    this.#wait((goOn) => {
      this.#destination.once('drain', goOn);
      return () => this.#destination.off('drain', goOn);
    });
    return false;
  }

  /**
   * Goes on when the piece has left and the event loop has polled its sockets: what a peer in this process finds
   * together it reads together.
   */
  #writeAlone(piece: Uint8Array, goOn: () => void): () => void {
    let turn: NodeJS.Immediate | undefined;
    let cancelled = false;
    this.#destination.write(piece, () => {
      if (cancelled) return;
      // The first immediate may run before the next poll, the second runs after it.
      turn = setImmediate(() => {
        turn = setImmediate(goOn);
      });
    });
    this.#pauseOrResume();
    return () => {
      cancelled = true;
      clearImmediate(turn);
    };
  }

  #pieceSize(available: number): number {
    const { pieceBytes, bytesPerSecond } = this.#faults;
    const slice = Math.max(1, Math.ceil(bytesPerSecond / throttleSlicesPerSecond));
    const untilDrop = this.#dropAt === undefined ? available : this.#dropAt - this.#writtenBytes;
    return Math.min(available, pieceBytes, slice, untilDrop);
  }
}
