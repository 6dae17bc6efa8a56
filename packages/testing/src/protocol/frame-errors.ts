/** RabbitMQ's errors for frames that are malformed or out of place. Must not decide what follows. */
import { type AmqpError, FrameError, UnexpectedFrame } from '@puka/errors';
import { FrameType } from '@puka/wire';
import { binaryTerm } from '../model/erlang-terms.ts';

const snippetBytes = 16;

/** A frame that is not allowed at this point. */
export function misplacedFrame(type: number, payload: Uint8Array): UnexpectedFrame {
  return new UnexpectedFrame(`type ${type}, ${snippet(payload)}`);
}

/** A method or header frame over `frame_max`. */
export function oversizeFrame(type: number, payloadBytes: number, frameMaxBytes: number): FrameError {
  return new FrameError(
    `type ${type}, ${snippet(new Uint8Array(0))}: {frame_too_large,${payloadBytes},${frameMaxBytes - 8}}`,
  );
}

/** RabbitMQ's error at the point where the decoder stopped; the octets, which it shows, are gone by then. */
export function undecodableFrame(error: AmqpError, frameMaxBytes: number): AmqpError {
  const { message } = error;
  const [, kind = '', size] = /^(\w+) frame of (\d+) bytes; the limit/.exec(message) ?? [];
  if (size !== undefined) {
    const type = kind === 'body' ? FrameType.body : kind === 'header' ? FrameType.header : FrameType.method;
    return oversizeFrame(type, Number(size) - 8, frameMaxBytes);
  }
  if (error instanceof UnexpectedFrame) return misplacedFrame(FrameType.heartbeat, new Uint8Array(0));
  const nothing = snippet(new Uint8Array(0));
  const endOctet = /ends with octet 0x([0-9a-f]+)/.exec(message)?.[1];
  if (endOctet !== undefined) {
    return new FrameError(
      `type ${FrameType.method}, ${nothing}: {invalid_frame_end_marker,${Number.parseInt(endOctet, 16)}}`,
    );
  }
  const type = /type (\d+)/.exec(message)?.[1] ?? FrameType.heartbeat;
  return new FrameError(`type ${type}, ${nothing}: unknown_frame`);
}

function snippet(payload: Uint8Array): string {
  const shown = binaryTerm(payload.subarray(0, snippetBytes));
  return `${payload.length <= snippetBytes ? 'all' : 'first 16'} octets = ${shown}`;
}
