/**
 * Changes what a broker sends on its way to the client: bit flips, cuts, lying lengths, frames that are doubled, dropped,
 * swapped, misplaced or repeated later. Must not look into a method: it knows frames alone.
 */

type Random = () => number;
/** @returns what goes out in place of the frame. */
type Bend = (frame: Uint8Array, random: Random, mutator: Mutator) => readonly Uint8Array[];

const frameHeadBytes = 7;
const frameEnd = 0xce;

function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A frame of the same type and channel with another payload, and the right length. */
function reframed(frame: Uint8Array, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frameHeadBytes + payload.length + 1);
  bytes.set(frame.subarray(0, 3));
  new DataView(bytes.buffer).setUint32(3, payload.length);
  bytes.set(payload, frameHeadBytes);
  bytes[bytes.length - 1] = frameEnd;
  return bytes;
}

function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.slice(frameHeadBytes, -1);
}

const bends: Readonly<Record<string, Bend>> = {
  flipBits: (frame, random) => {
    for (let count = 1 + below(random, 3); count > 0; count--) {
      const at = below(random, frame.length);
      frame[at] = (frame[at] ?? 0) ^ (1 << below(random, 8));
    }
    return [frame];
  },
  flipPayload: (frame, random) => {
    const payload = payloadOf(frame);
    const at = below(random, payload.length);
    if (payload.length > 0) payload[at] = (payload[at] ?? 0) ^ (1 << below(random, 8));
    return [reframed(frame, payload)];
  },
  setOctet: (frame, random) => {
    const payload = payloadOf(frame);
    if (payload.length > 0) payload[below(random, payload.length)] = [0, 1, 0x7f, 0x80, 0xff][below(random, 5)] ?? 0;
    return [reframed(frame, payload)];
  },
  cut: (frame, random) => [frame.slice(0, below(random, frame.length))],
  cutPayload: (frame, random) => [reframed(frame, payloadOf(frame).slice(0, below(random, frame.length - 7)))],
  growPayload: (frame, random) => {
    const payload = payloadOf(frame);
    const grown = new Uint8Array(payload.length + 1 + below(random, 40)).map(() => below(random, 256));
    grown.set(payload);
    return [reframed(frame, grown)];
  },
  lieAboutLength: (frame, random) => {
    const size = [below(random, 20), below(random, 2 ** 32), frame.length - 8 + below(random, 3) - 1][below(random, 3)];
    new DataView(frame.buffer, frame.byteOffset).setUint32(3, (size ?? 0) >>> 0);
    return [frame];
  },
  changeType: (frame, random) => {
    frame[0] = below(random, 10);
    return [frame];
  },
  changeChannel: (frame, random) => {
    frame[2] = below(random, 8);
    return [frame];
  },
  double: (frame) => [frame, frame.slice()],
  drop: () => [],
  misplace: (frame, random, mutator) => {
    mutator.later(frame, 1 + below(random, 6));
    return [];
  },
  repeatLater: (frame, random, mutator) => {
    mutator.later(frame.slice(), 1 + below(random, 10));
    return [frame];
  },
  repeatOnOtherChannel: (frame, random) => {
    const copy = frame.slice();
    copy[2] = below(random, 8);
    return [frame, copy];
  },
  insertRubbish: (frame, random) => [new Uint8Array(1 + below(random, 30)).map(() => below(random, 256)), frame],
};

/** Bends some of the frames of one conversation. */
export class Mutator {
  /** What it does, for the report of a failure. */
  readonly plan: string[] = [];
  private readonly random: Random;
  private readonly targets = new Map<number, Bend>();
  private readonly waiting: { readonly frame: Uint8Array; at: number }[] = [];
  private index = 0;

  /** @param frameCount frames of a conversation without faults, roughly. */
  constructor(random: Random, frameCount: number) {
    this.random = random;
    const names = Object.keys(bends);
    for (let count = 1 + below(random, 3); count > 0; count--) {
      const name = names[below(random, names.length)] ?? '';
      const at = below(random, frameCount);
      const bend = bends[name];
      if (bend === undefined) continue;
      this.targets.set(at, bend);
      this.plan.push(`${name} at ${at}`);
    }
  }

  /** Frames go in whole. What comes out is in chunks of any size. */
  bend(bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + frameHeadBytes + new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(3) + 1;
      out.push(...this.bendFrame(bytes.slice(at, end)));
      at = end;
    }
    return out.flatMap((chunk) => this.chunked(chunk)).filter(({ length }) => length > 0);
  }

  /** Sends a frame after so many others. */
  later(frame: Uint8Array, frames: number): void {
    this.waiting.push({ frame, at: this.index + frames });
  }

  private bendFrame(frame: Uint8Array): readonly Uint8Array[] {
    const index = this.index++;
    const bent = this.targets.get(index)?.(frame, this.random, this) ?? [frame];
    const due = this.waiting.filter(({ at }) => at <= index);
    for (const each of due) this.waiting.splice(this.waiting.indexOf(each), 1);
    return [...bent, ...due.map((each) => each.frame)];
  }

  private chunked(chunk: Uint8Array): Uint8Array[] {
    if (this.random() < 0.9) return [chunk];
    const at = below(this.random, chunk.length);
    return [chunk.slice(0, at), chunk.slice(at)];
  }
}
