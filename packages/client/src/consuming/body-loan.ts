/**
 * A body that is lent: the user has it until its message is settled. Then it is detached, and its memory may be used for
 * another. Must not know when that is: the consumer does.
 */
import { decodeUtf8 } from '@puka/wire';
import { movedBuffer } from '../runtime/moved-buffer.ts';
import type { ReceivedContent } from '../session/index.ts';
import type { BodyPool } from './body-pool.ts';

const noBytes = new Uint8Array(0);

/** The loan of one body. */
export class BodyLoan {
  /** Whether it was given back. */
  isEnded = false;
  private readonly pool: BodyPool;
  /** Whether the body lies in memory of the pool; else it lies where it was read, beside others. */
  private readonly isOfPool: boolean;
  private bytes: Uint8Array;
  private readonly start: number;
  private readonly end: number;
  /** What the user has got. */
  private view: Uint8Array<ArrayBuffer> | undefined = undefined;

  constructor(content: ReceivedContent, pool: BodyPool) {
    this.pool = pool;
    this.isOfPool = content.bodyMemory === pool;
    this.bytes = content.bodyBytes;
    this.start = content.bodyStart;
    this.end = content.bodyEnd;
  }

  /** The body, in a buffer that no other message has a part of; of length 0 once it was given back. */
  get body(): Uint8Array {
    if (this.view !== undefined) return this.view;
    const { bytes, start, end } = this;
    if (this.isEnded) return noBytes;
    if (this.isOfPool && bytes.buffer instanceof ArrayBuffer) this.view = new Uint8Array(bytes.buffer, start, end);
    else this.view = new Uint8Array(bytes.subarray(start, end));
    this.pool.lend(this.view.buffer);
    return this.view;
  }

  /** The body as UTF-8, decoded where it lies. Only before it was returned. */
  text(): string {
    return decodeUtf8(this.bytes, this.start, this.end);
  }

  /** Returns it: the user's views of it have length 0 from now on. */
  giveBack(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    const { view, bytes } = this;
    this.bytes = noBytes;
    if (view === undefined) {
      if (this.isOfPool) this.pool.giveBack(bytes);
      return;
    }
    this.pool.endLoan(view.buffer);
    // Without bytes it is empty, or the user has transferred the buffer: then it belongs to other code.
    if (view.length === 0) return;
    const moved = movedBuffer(view.buffer);
    if (this.isOfPool) this.pool.giveBack(new Uint8Array(moved));
  }

  /** The user keeps it after all. @returns the body. */
  keep(): Uint8Array {
    const { body } = this;
    this.pool.endLoan(body.buffer);
    this.isEnded = true;
    this.bytes = noBytes;
    return body;
  }
}
