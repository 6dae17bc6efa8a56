import {
  ByteWriter,
  encodeMethod,
  type FieldTableInput,
  FrameType,
  type MethodInput,
  timestamp,
  writeContentHeader,
} from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { FrameSplitter, type WholeFrame } from '../../src/diagnostics/frame-splitter.ts';
import { type TraceEntry, traceEntry } from '../../src/diagnostics/trace-entry.ts';
import { joined } from '../session/harness.ts';

const context = { timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6), connection: 2, direction: 'sent' } as const;

function entryOf(write: (writer: ByteWriter) => void, showsBodies = false): TraceEntry {
  const writer = new ByteWriter();
  write(writer);
  const entries: TraceEntry[] = [];
  new FrameSplitter().push(joined(writer.take()), (frame) =>
    entries.push(traceEntry(frame, { ...context, showsBodies })),
  );
  const [entry] = entries;
  if (entry === undefined) throw new Error('no frame was written');
  return entry;
}

const methodEntry = (method: MethodInput, channel = 0): TraceEntry =>
  entryOf((writer) => encodeMethod(writer, channel, method));
const bodyFrame = (payload: Uint8Array): WholeFrame => ({ type: FrameType.body, channel: 1, payload });

describe('an entry of the wire log', () => {
  it('of a method has its fields, and is one line', () => {
    const entry = methodEntry({ type: 'basic.publish', exchange: '', routingKey: 'a\nb\u001b[2J', mandatory: true }, 7);
    expect(entry).toMatchObject({
      ...{ timeMs: context.timeMs, connection: 2, direction: 'sent', channel: 7, name: 'basic.publish' },
      fields: { exchange: '', routingKey: 'a\nb\u001b[2J', mandatory: true },
    });
    expect(String(entry)).toBe(
      "03:04:05.006 #2 → 7 basic.publish exchange='' routingKey='a b' mandatory=true immediate=false",
    );
  });

  it('shows tables on the same line, and no more of a long one than fits', () => {
    const table: FieldTableInput = { text: 'x'.repeat(1000), list: [1, null], time: timestamp(5), big: 2n ** 60n };
    const line = String(methodEntry({ type: 'queue.declare', queue: 'q', arguments: table }, 1));
    expect(line).toContain("text: 'xxx");
    expect(line).toContain('list: [1, null], time: 1970-01-01T00:00:05.000Z, big: 1152921504606846976}');
    expect(line.length).toBeLessThan(500);
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index]));
    expect(String(methodEntry({ type: 'queue.declare', arguments: wide }, 1))).toContain('k49: 49, …}');
    let deep: FieldTableInput = { a: 1 };
    for (let depth = 0; depth < 10; depth++) deep = { a: deep };
    expect(String(methodEntry({ type: 'queue.declare', arguments: deep }, 1))).toContain('{a: …}');
  });

  it.each<[MethodInput, string]>([
    [{ type: 'connection.start-ok', mechanism: 'PLAIN', response: '\0guest\0secret', locale: 'en_US' }, 'response'],
    [{ type: 'connection.secure', challenge: 'secret' }, 'challenge'],
    [{ type: 'connection.secure-ok', response: 'secret' }, 'response'],
    [{ type: 'connection.update-secret', newSecret: 'secret', reason: 'expired' }, 'newSecret'],
  ])('holds nothing that logs in: %j', (method, field) => {
    const entry = methodEntry(method);
    expect(entry.fields[field]).toEqual({ bytes: expect.any(Number) });
    expect(`${entry} ${JSON.stringify(entry)}`).not.toContain("secret'");
    expect(JSON.stringify(entry.fields)).not.toMatch(/115,101,99|"secret"/);
  });

  it('of a content header has the properties, and the values of headers only where they are asked for', () => {
    const headers = { token: 'abc', count: 5, raw: Uint8Array.of(1) };
    const write = (writer: ByteWriter): void =>
      writeContentHeader(writer, 1, 300, { contentType: 'text/plain', priority: 0, headers }, 131_072);
    expect(entryOf(write)).toMatchObject({
      name: 'content header',
      fields: {
        bodySize: 300,
        contentType: 'text/plain',
        priority: 0,
        headers: { token: { bytes: 3 }, count: { hidden: 'number' } },
      },
    });
    expect(entryOf(write, true).fields.headers).toEqual(headers);
  });

  it('of a body has its length, and the bytes only where they are asked for', () => {
    const payload = Uint8Array.of(0x68, 0x69);
    expect(traceEntry(bodyFrame(payload), { ...context, showsBodies: false }).fields).toEqual({ bytes: 2 });
    const entry = traceEntry(bodyFrame(payload), { ...context, showsBodies: true });
    payload.fill(0);
    expect(String(entry)).toBe("03:04:05.006 #2 → 1 body bytes=2 body='hi'");
    const binary = traceEntry(bodyFrame(Uint8Array.of(255, 0)), {
      ...context,
      direction: 'received',
      showsBodies: true,
    });
    expect(String(binary)).toBe('03:04:05.006 #2 ← 1 body bytes=2 body=<2 bytes>');
  });

  it('of what cannot be decoded reports that', () => {
    const frame = (type: number, ...payload: number[]): WholeFrame => ({
      type,
      channel: 0,
      payload: Uint8Array.from(payload),
    });
    const nameOf = (each: WholeFrame): string => traceEntry(each, { ...context, showsBodies: false }).name;
    expect(nameOf(frame(FrameType.method, 0, 99))).toBe('unknown');
    expect(nameOf(frame(FrameType.header, 0, 60, 0))).toBe('unknown');
    expect(nameOf(frame(0, 1, 2, 3))).toBe('unknown');
    expect(nameOf(frame(0, 0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1))).toBe('protocol header');
    expect(nameOf(frame(FrameType.heartbeat))).toBe('heartbeat');
  });
});
