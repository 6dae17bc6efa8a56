/** What a channel sends while it is held back, so that it goes out later in its order. Must not know methods. */
import { ByteWriter } from '@puka/wire';

/** Output that waits for its time. */
export class HeldOutput {
  /** Takes what is sent meanwhile; `undefined` if nothing is held back. */
  writer: ByteWriter | undefined;
  /** When it is to go out; `Infinity` for never. */
  untilMs: number = Number.POSITIVE_INFINITY;

  /** Holds back from now on; a hold that is there is made longer, never shorter. */
  hold(untilMs: number): void {
    this.untilMs = this.writer === undefined ? untilMs : Math.max(this.untilMs, untilMs);
    this.writer ??= new ByteWriter();
  }

  /** Writes what was held back. @returns whether anything was. */
  release(target: ByteWriter): boolean {
    const { writer } = this;
    if (writer === undefined) return false;
    this.writer = undefined;
    this.untilMs = Number.POSITIVE_INFINITY;
    for (const chunk of writer.take()) target.writeBytes(chunk);
    return true;
  }
}
