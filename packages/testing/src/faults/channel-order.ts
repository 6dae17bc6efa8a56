/**
 * Puts what goes to a client into another order that is as good: frames of one channel keep theirs, those of channels among
 * each other have none. RabbitMQ runs each channel as a process of its own. Must not change a byte of a frame.
 */
import { FrameType, frameOverheadBytes } from '@puka/wire';

/** Type, channel and size, before the payload. AMQP 0-9-1 §4.2.3. */
const frameHeaderBytes = 7;

/**
 * The same frames, with those of the last channel first. Frames of channel 0 stay where they are: what is sent about the
 * connection holds for all channels.
 */
export function reorderChannels(chunks: readonly Uint8Array[]): Uint8Array[] {
  const bytes = joined(chunks);
  // A protocol header is no frame.
  if (bytes[0] !== FrameType.method && bytes[0] !== FrameType.heartbeat) return [bytes];
  const ordered: Uint8Array[] = [];
  let byChannel = new Map<number, Uint8Array[]>();
  const finishRun = (): void => {
    ordered.push(...[...byChannel.values()].reverse().flat());
    byChannel = new Map();
  };
  for (const { channel, frame } of framesOf(bytes)) {
    if (channel === 0) {
      finishRun();
      ordered.push(frame);
    } else if (byChannel.get(channel)?.push(frame) === undefined) byChannel.set(channel, [frame]);
  }
  finishRun();
  return ordered;
}

function* framesOf(bytes: Uint8Array): Generator<{ readonly channel: number; readonly frame: Uint8Array }, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + frameHeaderBytes <= bytes.length; ) {
    const end = at + view.getUint32(at + 3) + frameOverheadBytes;
    yield { channel: view.getUint16(at + 1), frame: bytes.subarray(at, end) };
    at = end;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
