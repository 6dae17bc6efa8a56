/**
 * A line whose bytes go out in small pieces, each in a turn of its own, so that the other side reads them one by one. Must
 * not change a byte or their order.
 */
import { setImmediate } from 'node:timers';
import type { Line } from './line.ts';

/**
 * A line whose bytes go out in small pieces, each in a turn of its own, so that the other side reads them one by one.
 * With `splitBytes` at `Infinity` it is the connection itself.
 */
export class SplitLine implements Line {
  splitBytes: number = Number.POSITIVE_INFINITY;
  private readonly line: Line;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private isEnding = false;
  private isPumping = false;

  constructor(line: Line) {
    this.line = line;
  }

  get name(): string {
    return this.line.name;
  }

  get bufferedBytes(): number {
    return this.line.bufferedBytes + this.waitingBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.splitBytes === Number.POSITIVE_INFINITY && this.waiting.length === 0) return this.line.write(chunks);
    for (const chunk of chunks) {
      this.waiting.push(chunk);
      this.waitingBytes += chunk.length;
    }
    this.pump();
    // What waits here is sent without a call, so that there is no drain to wait for.
    return true;
  }

  end(): void {
    this.isEnding = true;
    if (this.waiting.length === 0) this.line.end();
  }

  reset(): void {
    this.waiting = [];
    this.waitingBytes = 0;
    this.line.reset();
  }

  private pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    setImmediate(() => {
      this.isPumping = false;
      this.sendPiece();
    });
  }

  private sendPiece(): void {
    const chunk = this.waiting.shift();
    if (chunk === undefined) return;
    const piece = chunk.subarray(0, Math.min(chunk.length, this.splitBytes));
    if (piece.length < chunk.length) this.waiting.unshift(chunk.subarray(piece.length));
    this.waitingBytes -= piece.length;
    this.line.write([piece]);
    if (this.waiting.length > 0) this.pump();
    else if (this.isEnding) this.line.end();
  }
}
