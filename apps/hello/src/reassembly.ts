/**
 * Puts numbered lines together again: each once, in the order of their numbers. After a lost connection a message may come
 * twice, and before an earlier one.
 * Must not know where they come from.
 */
import { createHash } from 'node:crypto';

/** The lines that have come. */
export class Reassembly {
  /** Lines that came again and were dropped. */
  duplicates = 0;
  private readonly hash = createHash('sha256');
  /** Those that came before an earlier one. */
  private readonly early = new Map<number, Uint8Array>();
  private next = 0;

  /** Different lines that have come. */
  get count(): number {
    return this.next + this.early.size;
  }

  /** @param number of the line, from 0. */
  add(number: number, body: Uint8Array): void {
    if (number < this.next || this.early.has(number)) {
      this.duplicates++;
      return;
    }
    this.early.set(number, body);
    for (let line = this.early.get(this.next); line !== undefined; line = this.early.get(this.next)) {
      this.hash.update(line);
      this.early.delete(this.next);
      this.next++;
    }
  }

  /** SHA-256 of the lines up to the first that is missing, in hexadecimal digits. To be called once. */
  checksum(): string {
    return this.hash.digest('hex');
  }
}
