/** Spoils a conversation at random places, the same for the same seed. Must not know what a frame means. */

/** A number from 0 to less than 1. */
export type Random = () => number;

/** A small generator that is the same on every machine. @param seed any integer. */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** An integer from 0 to less than `count`. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

type Frames = Uint8Array[];
type Mutation = (random: Random, frames: Frames, at: number) => void;

/** Frame header: type, two octets of channel, four of size. AMQP 0-9-1 §4.2.3. */
const headerBytes = 7;

function edited(frames: Frames, at: number, edit: (bytes: Uint8Array) => Uint8Array): void {
  frames[at] = edit(Uint8Array.from(frames[at] ?? []));
}

const mutations: readonly Mutation[] = [
  // One bit, anywhere.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      const place = below(random, bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << below(random, 8));
      return bytes;
    }),
  // One octet, in the payload.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      const place = headerBytes + below(random, Math.max(1, bytes.length - headerBytes));
      if (place < bytes.length) bytes[place] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][below(random, 6)] ?? 0;
      return bytes;
    }),
  // A run of octets that are no UTF-8.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      const from = headerBytes + 4 + below(random, Math.max(1, bytes.length - headerBytes - 5));
      return bytes.fill(0xff, from, Math.min(bytes.length - 1, from + 1 + below(random, 12)));
    }),
  // A frame cut short, with what follows right after it.
  (random, frames, at) => edited(frames, at, (bytes) => bytes.subarray(0, below(random, bytes.length))),
  // A size that lies.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      if (bytes.length < headerBytes) return bytes;
      const lie = [0, 1, bytes.length, 4097, 131_073, 0x7fff_ffff, 0xffff_ffff][below(random, 7)] ?? 0;
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(3, lie);
      return bytes;
    }),
  // Another payload length, stated correctly.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      if (bytes.length < headerBytes + 2) return bytes;
      const length = below(random, bytes.length - headerBytes);
      const cut = new Uint8Array(headerBytes + length + 1);
      cut.set(bytes.subarray(0, headerBytes + length));
      new DataView(cut.buffer).setUint32(3, length);
      cut[headerBytes + length] = 0xce;
      return cut;
    }),
  // Another channel.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      if (bytes.length < headerBytes) return bytes;
      new DataView(bytes.buffer, bytes.byteOffset).setUint16(1, [0, 1, 2, 3, 4, 101, 65_535][below(random, 7)] ?? 0);
      return bytes;
    }),
  // A method of another class or number.
  (random, frames, at) =>
    edited(frames, at, (bytes) => {
      if (bytes.length < headerBytes + 4) return bytes;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      view.setUint16(headerBytes, [10, 20, 40, 50, 60, 85, 90][below(random, 7)] ?? 0);
      view.setUint16(headerBytes + 2, below(random, 122));
      return bytes;
    }),
  // Twice.
  (_random, frames, at) => void frames.splice(at, 0, frames[at] ?? new Uint8Array(0)),
  // Thirty times.
  (_random, frames, at) => void frames.splice(at, 0, ...Array<Uint8Array>(30).fill(frames[at] ?? new Uint8Array(0))),
  // Somewhere else.
  (random, frames, at) => {
    const [moved = new Uint8Array(0)] = frames.splice(at, 1);
    frames.splice(below(random, frames.length + 1), 0, moved);
  },
  // In the other's place.
  (random, frames, at) => {
    const other = below(random, frames.length);
    const [first = new Uint8Array(0), second = new Uint8Array(0)] = [frames[at], frames[other]];
    frames[at] = second;
    frames[other] = first;
  },
  // Not at all.
  (_random, frames, at) => void frames.splice(at, 1),
  // Octets that are no frame.
  (random, frames, at) => {
    frames.splice(
      at,
      0,
      Uint8Array.from({ length: 1 + below(random, 40) }, () => below(random, 256)),
    );
  },
  // The end.
  (_random, frames, at) => void frames.splice(at),
];

/**
 * Spoils a conversation in one to four places and cuts it into chunks.
 *
 * @returns chunks of memory of their own.
 */
export function mutated(conversation: readonly Uint8Array[], random: Random): Uint8Array[] {
  const frames = [...conversation];
  const count = 1 + below(random, 4);
  for (let done = 0; done < count && frames.length > 0; done++) {
    mutations[below(random, mutations.length)]?.(random, frames, below(random, frames.length));
  }
  return chunksOf(frames, random);
}

function chunksOf(frames: readonly Uint8Array[], random: Random): Uint8Array[] {
  const size = [24, 500, 500, 2000, 2000, 2000, Number.POSITIVE_INFINITY][below(random, 7)] ?? 500;
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = Math.min(bytes.length, from + 1 + below(random, Math.min(size * 2, bytes.length)));
    chunks.push(bytes.slice(from, end));
    from = end;
  }
  return chunks;
}
