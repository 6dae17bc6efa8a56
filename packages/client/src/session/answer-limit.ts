/**
 * Limits the answers that the peer makes this side write and does not read, such as one `channel.flow-ok` for each
 * `channel.flow`. Must not write: it counts.
 */
import { LimitExceeded } from '@puka/errors';

/** The answers of one connection. */
export class AnswerLimit {
  /** Bytes of answers written up to `markAt`. The peer may have read none of them. */
  private beforeMark = 0;
  /** Bytes of answers written after it. */
  private behindMark = 0;
  /** A position in the output. Once the output has gone out up to here, `beforeMark` is zero. */
  private markAt = 0;
  private readonly maxAnswerBytes: number;

  constructor(maxAnswerBytes: number) {
    this.maxAnswerBytes = maxAnswerBytes;
  }

  /** An answer of so many bytes is written. */
  add(bytes: number): void {
    this.behindMark += bytes;
  }

  /**
   * Output has left this process.
   *
   * @param goneBytes all that left it so far.
   * @param writtenBytes all that was written so far.
   */
  outputGone(goneBytes: number, writtenBytes: number): void {
    if (this.beforeMark + this.behindMark === 0 || goneBytes < this.markAt) return;
    this.beforeMark = this.behindMark;
    this.behindMark = 0;
    this.markAt = writtenBytes;
  }

  /** @throws {LimitExceeded} when too many wait. */
  check(): void {
    const bytes = this.beforeMark + this.behindMark;
    if (bytes <= this.maxAnswerBytes) return;
    throw new LimitExceeded(
      `the broker has left ${bytes} bytes of answers unread; the limit maxAnswerBytes is ${this.maxAnswerBytes}`,
      { blame: 'peer', scope: 'connection', outcome: 'unknown' },
    );
  }
}
