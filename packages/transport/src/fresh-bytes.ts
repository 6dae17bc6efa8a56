/**
 * Memory for bytes that arrive, which V8 collects in time. It must not know what the bytes are.
 *
 * V8 collects its young objects when their space is full, and a buffer takes little of that space, however long it is. Up to
 * version 12 V8 also counts the bytes of young buffers, and collects at 32 MiB. From version 13 on (Node 24) it does not: dropped
 * buffers pile up to 64 MiB, and then V8 collects the whole heap, which takes longer the more the program keeps. So each buffer comes
 * with an array that is garbage at once and fills the space of the young objects sooner.
 */

import { builtinModule, memberOf } from './builtin-module.ts';

/** The last major version of V8 that counts the bytes of young buffers. */
const lastCountingVersion = 12;
/** The space of the young objects is full after no more bytes of buffers than these: half of what has the whole heap collected. */
const mostBytesBetween = 32 * 1024 * 1024;
/** Bytes of arrays for each byte of a buffer, where the space is small. With fewer, memory is used again when it has left the cache. */
const leastShare = 1 / 4;
/** An element of an array, in bytes. */
const elementBytes = 8;
/** The longest array, in elements. V8 keeps very long ones in another space. */
const longestArray = 4096;
/** The space grows and shrinks: its size is asked for again after so many bytes of buffers. */
const askAgainBytes = 1024 * 1024;

const isNeeded = v8Version() > lastCountingVersion;
let share = leastShare;
/** Of buffers. A program that receives little never asks. */
let bytesSinceAsked = 0;

/**
 * Memory for bytes that are read or received, all zero. The same as `new Uint8Array(byteCount)`, but V8 frees what the program drops
 * of it together with its young objects, and needs not collect the whole heap. Of use to a transport that reads into memory of its own.
 *
 * @param byteCount 0 or more.
 * @returns an array with a buffer of its own, which belongs to the caller.
 */
export function freshBytes(byteCount: number): Uint8Array<ArrayBuffer> {
  if (isNeeded) fillYoungSpace(byteCount);
  return new Uint8Array(byteCount);
}

function fillYoungSpace(byteCount: number): void {
  bytesSinceAsked += byteCount;
  if (bytesSinceAsked >= askAgainBytes) {
    bytesSinceAsked = 0;
    share = Math.max(leastShare, youngSpaceBytes() / mostBytesBetween);
  }
  for (let left = Math.floor((byteCount * share) / elementBytes); left > 0; left -= longestArray) {
    const garbage = new Array<undefined>(Math.min(left, longestArray));
    // Without a use of the array, V8 does not make it.
    garbage.length = 0;
  }
}

/** A part of `node:v8`. */
interface HeapStatistics {
  getHeapSpaceStatistics(): readonly HeapSpace[];
}

interface HeapSpace {
  readonly space_name: string;
  readonly space_used_size: number;
  readonly space_available_size: number;
}

/** @returns how many bytes the space of the young objects holds when it is full; 0 where that is not known. */
function youngSpaceBytes(): number {
  const statistics = builtinModule('node:v8') as HeapStatistics | undefined; // By Node's manual.
  const young = statistics?.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return young === undefined ? 0 : young.space_used_size + young.space_available_size;
}

/** @returns the major version on Node and Deno; 0 in a browser and a worker, and on Bun, which has another engine. */
function v8Version(): number {
  const { process }: { readonly process?: unknown } = globalThis as object;
  const versions = memberOf(process, 'versions');
  if (memberOf(versions, 'bun') !== undefined) return 0;
  return Number.parseInt(String(memberOf(versions, 'v8')), 10) || 0;
}
