/**
 * Runs the codec on bytes that may be anything, and throws where it breaks a promise: another exception class than its own, a getter that throws,
 * two ways of decoding that disagree, or tagged values that do not encode to what they came from.
 */

import {
  AmqpSyntaxError,
  CommandInvalid,
  FrameError,
  LimitExceeded,
  type PukaError,
  UnexpectedFrame,
  UsageError,
} from '@puka/errors';
import {
  ByteWriter,
  checkBasicDeliver,
  checkBasicGetOk,
  checkBasicPublish,
  checkBasicReturn,
  contentBodySize,
  contentPropertiesOffset,
  decodeMethod,
  decodeTable,
  encodeMethod,
  encodeTable,
  FrameDecoder,
  type FrameSink,
  type Method,
  MethodId,
  methodIdAt,
  PropertiesReader,
  type Tagged,
  writeProperties,
} from '../../src/index.ts';
import type { Kind, Sample } from './corpus.ts';
import { mutate } from './mutation.ts';
import type { Random } from './random.ts';

const kinds: readonly Kind[] = ['stream', 'method', 'table', 'header'];
const writer = new ByteWriter(4096);

/** How many inputs went through whole, and how many ended in a typed error. */
export interface Tally {
  accepted: number;
  refused: number;
}

/** Runs one input; an `Error` that comes out is a finding. @returns true when nothing was refused. */
export function runTarget(kind: Kind, bytes: Uint8Array, random: Random): boolean {
  switch (kind) {
    case 'stream':
      return runStream(bytes, random);
    case 'method':
      return runMethod(bytes);
    case 'table':
      return runTable(bytes);
    case 'header':
      return runHeader(bytes, 0, bytes.length);
    default: {
      const unknown: never = kind;
      throw new Error(`no target ${String(unknown)}`);
    }
  }
}

/** Runs mutated inputs; a finding comes without a stack, and with one when its input is run alone. @param onInput is called with each before it runs. */
export function fuzz(
  corpus: readonly Sample[],
  inputs: number,
  random: Random,
  onInput: (kind: Kind, bytes: Uint8Array) => void,
): Tally {
  const tally: Tally = { accepted: 0, refused: 0 };
  const { stackTraceLimit } = Error;
  // Most inputs end in an error or two, and collecting their stacks would be most of the work.
  Error.stackTraceLimit = 0;
  try {
    runAll(corpus, inputs, random, onInput, tally);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return tally;
}

function runAll(
  corpus: readonly Sample[],
  inputs: number,
  random: Random,
  onInput: (kind: Kind, bytes: Uint8Array) => void,
  tally: Tally,
): void {
  for (let count = 0; count < inputs; count++) {
    const sample = corpus[random.below(corpus.length)];
    const other = corpus[random.below(corpus.length)];
    if (sample === undefined || other === undefined) break;
    const bytes = mutate(sample.bytes, other.bytes, random);
    const kind = random.below(16) === 0 ? (kinds[random.below(kinds.length)] ?? sample.kind) : sample.kind;
    onInput(kind, bytes);
    if (runTarget(kind, bytes, random)) tally.accepted++;
    else tally.refused++;
  }
}

/** Decodes all that a session would look at. */
class LookingSink implements FrameSink {
  bodyBytes = 0;

  method(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    decodeMethod(bytes, start, end);
  }

  header(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    contentBodySize(bytes, start, end);
    lookAtProperties(new PropertiesReader(bytes, start + contentPropertiesOffset, end));
  }

  body(_channel: number, bytes: Uint8Array, start: number, end: number): void {
    if (start > end || start < 0 || end > bytes.length)
      throw new Error(`body piece ${start} to ${end} of ${bytes.length}`);
    this.bodyBytes += end - start;
  }

  heartbeat(): void {}
}

/** The first error of a stream does not depend on how it is cut. */
function runStream(bytes: Uint8Array, random: Random): boolean {
  const whole = streamError(bytes, bytes.length);
  const cut = streamError(bytes, 1 + random.below(Math.min(64, bytes.length + 1)));
  if (whole?.name !== cut?.name || whole?.message !== cut?.message) {
    throw new Error(`whole: ${whole?.message}; cut: ${cut?.message}`);
  }
  return whole === undefined;
}

/** Feeds a stream in pieces of one size, every other one copied to a memory of its own. */
function streamError(bytes: Uint8Array, pieceBytes: number): PukaError | undefined {
  const decoder = new FrameDecoder(new LookingSink());
  return expectedError(() => {
    for (let at = 0, turn = 0; at < bytes.length; at += pieceBytes, turn++) {
      const piece = bytes.subarray(at, at + pieceBytes);
      decoder.push(turn % 2 === 0 ? piece : new Uint8Array(piece));
    }
  });
}

/** What is decoded can be encoded again, and a check agrees with the decoder. */
function runMethod(bytes: Uint8Array): boolean {
  let method: Method | undefined;
  const error = expectedError(() => {
    method = decodeMethod(bytes, 0, bytes.length);
  });
  const check = checkFor(bytes);
  if (check !== undefined) {
    const checkError = expectedError(() => check(bytes, 0, bytes.length));
    if (checkError?.message !== error?.message) {
      throw new Error(`decoded: ${error?.message}; checked: ${checkError?.message}`);
    }
  }
  if (method === undefined) return error === undefined;
  const copy = method;
  try {
    encodeMethod(writer, 1, copy);
  } catch (refusal) {
    if (!(refusal instanceof UsageError) || !refusal.message.includes('is not a finite number')) throw refusal;
  }
  writer.take();
  return true;
}

function checkFor(bytes: Uint8Array): typeof checkBasicDeliver | undefined {
  if (bytes.length < 4) return undefined;
  switch (methodIdAt(bytes)) {
    case MethodId.basicPublish:
      return checkBasicPublish;
    case MethodId.basicReturn:
      return checkBasicReturn;
    case MethodId.basicDeliver:
      return checkBasicDeliver;
    case MethodId.basicGetOk:
      return checkBasicGetOk;
    default:
      return undefined;
  }
}

/** Both ways accept and refuse the same, and the tagged one is lossless. */
function runTable(bytes: Uint8Array): boolean {
  let tagged: Tagged | undefined;
  const plainError = expectedError(() => decodeTable(bytes));
  const taggedError = expectedError(() => {
    tagged = decodeTable(bytes, { tagged: true });
  });
  if (plainError?.message !== taggedError?.message) {
    throw new Error(`plain: ${plainError?.message}; tagged: ${taggedError?.message}`);
  }
  if (tagged === undefined) return false;
  let again: Uint8Array;
  try {
    again = encodeTable(tagged);
  } catch (refusal) {
    if (refusal instanceof UsageError && refusal.message.includes('is not a finite number')) return true;
    throw refusal;
  }
  if (again.length !== bytes.length) throw new Error(`encoded again: ${again.length} octets, not ${bytes.length}`);
  for (let index = 0; index < bytes.length; index++) {
    // L and U are written as l and s, which differ from them in one bit.
    const difference = (again[index] ?? 0) ^ (bytes[index] ?? 0);
    if (difference !== 0 && difference !== 0x20 && difference !== 0x26) {
      throw new Error(`encoded again: another octet at ${index}`);
    }
  }
  return true;
}

function runHeader(bytes: Uint8Array, start: number, end: number): boolean {
  const sizeError = expectedError(() => contentBodySize(bytes, start, end));
  if (bytes.length < contentPropertiesOffset) return sizeError === undefined;
  const reader = new PropertiesReader(bytes, start + contentPropertiesOffset, end);
  lookAtProperties(reader);
  return sizeError === undefined && reader.error === undefined;
}

/** Nothing of a reader throws, and good properties can be written. */
function lookAtProperties(reader: PropertiesReader): void {
  const properties = reader.toObject();
  if (reader.raw.length > 0) reader.bytesOf('headers');
  const { error, headersError } = reader;
  if (headersError !== undefined) {
    assertExpected(headersError);
    if (error === undefined) throw new Error('bad headers in good properties');
  }
  if (error !== undefined) {
    assertExpected(error);
    return;
  }
  if (properties.headers !== undefined && reader.taggedHeaders === undefined) throw new Error('headers only untagged');
  writer.begin();
  try {
    writeProperties(writer, properties);
  } catch (refusal) {
    if (!(refusal instanceof UsageError)) throw refusal;
  }
  writer.rollback();
}

function expectedError(run: () => void): PukaError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return assertExpected(error);
  }
}

/** Lets through the errors that are promised for a peer's bytes. */
function assertExpected(error: unknown): PukaError {
  const isPromised =
    error instanceof FrameError ||
    error instanceof AmqpSyntaxError ||
    error instanceof UnexpectedFrame ||
    error instanceof CommandInvalid ||
    error instanceof LimitExceeded;
  if (!isPromised) throw error;
  if (error.blame !== 'peer') throw new Error(`blame ${error.blame} in: ${error.message}`, { cause: error });
  return error;
}
