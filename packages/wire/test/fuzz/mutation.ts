/** Damages bytes in the ways that break decoders: lengths that lie, tags that change, pieces cut out and put in. */

import type { Random } from './random.ts';

const tellingOctets = [
  0x00,
  0x01,
  0x02,
  0x03,
  0x08,
  0x7f,
  0x80,
  0xce,
  0xff,
  ...new TextEncoder().encode('tbBsuUIilLfdDSATFVxz'),
];
const tellingLengths = [0, 1, 4, 7, 8, 255, 256, 8184, 8192, 65_535, 0xff_fff8, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** Inputs do not grow beyond this. */
const maxBytes = 4096;

/** Gives a damaged copy of `bytes`; `other` is where pieces come from. */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let mutated: Uint8Array = new Uint8Array(bytes);
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) mutated = mutateOnce(mutated, other, random);
  return mutated;
}

function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.length === 0) return new Uint8Array(other);
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      bytes[at] = tellingOctets[random.below(tellingOctets.length)] ?? 0;
      return bytes;
    case 3:
      return withLength(bytes, at, tellingLengths[random.below(tellingLengths.length)] ?? 0);
    case 4:
      return bytes.slice(0, at);
    case 5:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8)));
    case 6:
      return joined(bytes.subarray(0, at), bytes.subarray(random.below(at + 1)));
    case 7: {
      const from = random.below(other.length + 1);
      const piece = other.subarray(from, from + 1 + random.below(32));
      return joined(joined(bytes.subarray(0, at), piece), bytes.subarray(at));
    }
    default:
      return nudged(bytes, at, random.below(2) === 0 ? 1 : -1);
  }
}

/** Overwrites four octets, as many as there are. */
function withLength(bytes: Uint8Array, at: number, length: number): Uint8Array {
  for (let index = 0; index < 4 && at + index < bytes.length; index++) bytes[at + index] = length >>> (24 - 8 * index);
  return bytes;
}

/** One more or one less: the edge of a limit. */
function nudged(bytes: Uint8Array, at: number, by: number): Uint8Array {
  bytes[at] = (bytes[at] ?? 0) + by;
  return bytes;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const size = Math.min(maxBytes, first.length + second.length);
  const all = new Uint8Array(size);
  all.set(first.subarray(0, size));
  all.set(second.subarray(0, size - Math.min(size, first.length)), Math.min(size, first.length));
  return all;
}
