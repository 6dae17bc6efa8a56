/**
 * One end of a pair in memory. It keeps what is written and hands it to the other end piece by piece while that one reads.
 * It must not touch a timer or a runtime, and must not call a handler inside a call of the user's.
 */
import { UsageError } from '@puka/errors';
import type { TransportHandlers } from '../contract.ts';
import { breakFailure, gapError } from '../failure.ts';
import { Fifo } from '../fifo.ts';
import type { InboxSource } from '../inbox.ts';
import { Inbox } from '../inbox.ts';
import { Slab } from '../slab.ts';
import type { MemoryTransport } from './memory-transport.ts';

/** What is needed for one end. */
export interface MemoryEndOptions {
  readonly handlers: TransportHandlers;
  readonly mode: 'push' | 'pull';
  readonly schedule: (task: () => void) => void;
  readonly highWaterMarkBytes: number;
  readonly splitBytes: number;
}

export class MemoryEnd implements MemoryTransport, InboxSource {
  readonly fd = undefined;
  readonly socket = undefined;
  readonly #options: MemoryEndOptions;
  readonly #inbox: Inbox;
  readonly #slab = new Slab();
  #peer: MemoryEnd | undefined;
  readonly #outgoing = new Fifo<Uint8Array>();
  #outgoingBytes = 0;
  #isDelivering = false;
  #needsDrain = false;
  #isReading = true;
  /** The direction out: `ended` by `end()`, `sent` when the peer has received the end. */
  #output: 'open' | 'ended' | 'sent' = 'open';
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(options: MemoryEndOptions) {
    this.#options = options;
    this.#inbox = new Inbox({
      handlers: options.handlers,
      mode: options.mode,
      source: this,
      schedule: options.schedule,
    });
  }

  /** Sets the other end, once, before anything else. */
  join(peer: MemoryEnd): void {
    this.#peer = peer;
  }

  /** Lets the handlers be called, from a task on that is scheduled now. */
  openSoon(): void {
    this.#options.schedule(() => this.#inbox.open());
  }

  get bufferedBytes(): number {
    return this.#outgoingBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#output !== 'open' || this.#isClosed) return false;
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#outgoing.push(chunk);
      this.#outgoingBytes += chunk.length;
    }
    this.#deliverSoon();
    if (this.#outgoingBytes >= this.#options.highWaterMarkBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  read(): Uint8Array | undefined {
    return this.#inbox.read();
  }

  reuse(bytes: Uint8Array): void {
    this.#slab.giveBack(bytes);
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  end(): void {
    if (this.#output !== 'open' || this.#isClosed) return;
    this.#output = 'ended';
    this.#deliverSoon();
  }

  close(): void {
    this.#closeThisEnd();
    this.#options.schedule(() => this.#withPeer((peer) => peer.#receiveEnd()));
  }

  reset(cause: unknown = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })): void {
    this.#closeThisEnd();
    this.#options.schedule(() => this.#withPeer((peer) => peer.#break(cause)));
  }

  startTls(): Promise<void> {
    return Promise.reject(new UsageError('startTls(): a transport in memory has no TLS'));
  }

  startReading(): void {
    this.#isReading = true;
    this.#withPeer((peer) => peer.#deliverSoon());
  }

  stopReading(): void {
    this.#isReading = false;
  }

  #withPeer(act: (peer: MemoryEnd) => void): void {
    if (this.#peer !== undefined) act(this.#peer);
  }

  #closeThisEnd(): void {
    this.#inbox.discard();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropOutgoing();
    this.#options.schedule(() => this.#inbox.receiveClose(undefined));
  }

  #deliverSoon(): void {
    if (this.#isDelivering || this.#isClosed) return;
    this.#isDelivering = true;
    this.#options.schedule(() => this.#deliver());
  }

  /** Hands over one piece, or the end. */
  #deliver(): void {
    this.#isDelivering = false;
    const peer = this.#peer;
    if (peer === undefined || this.#isClosed) return;
    const chunk = this.#outgoing.at(0);
    if (chunk === undefined) this.#deliverEnd(peer);
    else if (chunk.length === 0) {
      this.#break(gapError());
      peer.#break(Object.assign(new Error('connection reset'), { code: 'ECONNRESET' }));
    } else if (peer.#isClosed) this.#break(Object.assign(new Error('the other end is closed'), { code: 'EPIPE' }));
    else if (peer.#isReading) this.#deliverFrom(chunk, peer);
  }

  #deliverFrom(chunk: Uint8Array, peer: MemoryEnd): void {
    const room = peer.#slab.room();
    const pieceBytes = Math.min(chunk.length, room.length, this.#options.splitBytes);
    // A copy: the writer's bytes are lent, and the reader owns its bytes.
    room.set(chunk.subarray(0, pieceBytes));
    if (pieceBytes === chunk.length) this.#outgoing.shift();
    else this.#outgoing.replaceFirst(1, chunk.subarray(pieceBytes));
    this.#outgoingBytes -= pieceBytes;
    this.#deliverMore();
    peer.#inbox.receive(peer.#slab.take(pieceBytes));
  }

  #deliverMore(): void {
    if (this.#outgoing.length > 0 || this.#output === 'ended') this.#deliverSoon();
    else if (this.#needsDrain) this.#options.schedule(() => this.#drain());
  }

  #drain(): void {
    if (!this.#needsDrain || this.#outgoingBytes > 0 || this.#output !== 'open' || this.#isClosed) return;
    this.#needsDrain = false;
    this.#options.handlers.onDrain();
  }

  #deliverEnd(peer: MemoryEnd): void {
    if (this.#output !== 'ended') return;
    this.#output = 'sent';
    peer.#receiveEnd();
    this.#closeWhenBothEnded();
    peer.#closeWhenBothEnded();
  }

  #receiveEnd(): void {
    if (this.#isClosed || this.#hasPeerEnded) return;
    this.#hasPeerEnded = true;
    this.#inbox.receiveEnd();
    this.#closeWhenBothEnded();
  }

  #closeWhenBothEnded(): void {
    if (this.#isClosed || this.#output !== 'sent' || !this.#hasPeerEnded) return;
    this.#isClosed = true;
    this.#inbox.receiveClose(undefined);
  }

  #break(cause: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropOutgoing();
    this.#inbox.receiveClose(breakFailure('memory', 0, cause));
  }

  #dropOutgoing(): void {
    this.#outgoing.clear();
    this.#outgoingBytes = 0;
  }
}
