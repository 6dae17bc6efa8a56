/**
 * Cuts one direction of a connection into whole frames, for the log of the wire. Unlike the decoder of the session it joins
 * what came in pieces, so that a frame is one entry. Must not judge what it cuts: the session does.
 */
import { FrameType, frameHeaderBytes, frameOverheadBytes, protocolHeader } from '@puka/wire';

/** A frame, or the protocol header. */
export interface WholeFrame {
  /** As in `FrameType`; 0 for the protocol header and for bytes that are no frames. */
  readonly type: number;
  readonly channel: number;
  /** The payload; lent until the call returns. */
  readonly payload: Uint8Array;
}

const knownTypes: ReadonlySet<number> = new Set(Object.values(FrameType));
/** A longer frame is none of a broker that this client talks to: what follows is not looked at. */
const maxFrameBytes = 32 * 1_048_576;

const noBytes = new Uint8Array(0);

/** One direction of one connection. */
export class FrameSplitter {
  private rest: Uint8Array = noBytes;
  private isFirst = true;
  private isStopped = false;

  /** Takes the next bytes. @param take called with each frame that is whole now. */
  push(bytes: Uint8Array, take: (frame: WholeFrame) => void): void {
    if (this.isStopped) return;
    let all = this.rest.length === 0 ? bytes : joined(this.rest, bytes);
    // `take` may write, and the written bytes reach this method again.
    this.rest = noBytes;
    for (let size = this.sizeOf(all); size > 0 && size <= all.length; size = this.sizeOf(all)) {
      take(frameIn(all.subarray(0, size)));
      this.isFirst = false;
      all = all.subarray(size);
    }
    // A copy, because the bytes are lent.
    if (!this.isStopped) this.rest = all.slice();
    else if (all.length > 0) take({ type: 0, channel: 0, payload: all });
  }

  /** Bytes of what comes next; 0 if that is not known yet, or cannot be known any more. */
  private sizeOf(bytes: Uint8Array): number {
    const [type] = bytes;
    if (type === undefined) return 0;
    if (this.isFirst && type === protocolHeader[0]) return protocolHeader.length;
    if (!knownTypes.has(type)) this.isStopped = true;
    if (this.isStopped || bytes.length < frameHeaderBytes) return 0;
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(3) + frameOverheadBytes;
    if (size > maxFrameBytes) this.isStopped = true;
    return this.isStopped ? 0 : size;
  }
}

function frameIn(bytes: Uint8Array): WholeFrame {
  const [type = 0, high = 0, low = 0] = bytes;
  if (type === protocolHeader[0]) return { type: 0, channel: 0, payload: bytes };
  return { type, channel: (high << 8) | low, payload: bytes.subarray(frameHeaderBytes, bytes.length - 1) };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
