import { UnexpectedFrame } from '@puka/errors';
import { ByteWriter, FrameDecoder, writeBody, writeContentHeader } from '@puka/wire';
import { expect, it } from 'vitest';
import { ContentReader, type PublishedContent } from '../../src/protocol/content-reader.ts';

const method = { type: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false } as const;

/** Feeds frames to a reader. @returns the messages that have become whole. */
function read(reader: ContentReader, write: (writer: ByteWriter) => void): string[] {
  const writer = new ByteWriter();
  write(writer);
  const bodies: string[] = [];
  const take = (content: PublishedContent | undefined): void => {
    if (content !== undefined) bodies.push(new TextDecoder().decode(content.body));
  };
  const decoder = new FrameDecoder(
    {
      method: () => {},
      header: (_channel, bytes, start, end) => take(reader.header(bytes, start, end)),
      body: (_channel, bytes, start, end) => take(reader.body(bytes, start, end)),
      heartbeat: () => {},
    },
    { frameMaxBytes: 0 },
  );
  for (const chunk of writer.take()) decoder.push(chunk);
  return bodies;
}

function header(writer: ByteWriter, bytes: number): void {
  writeContentHeader(writer, 1, bytes, { contentType: 'text/plain' }, 0);
}

it('joins the pieces of a body', () => {
  const reader = new ContentReader();
  reader.start(method);
  const bodies = read(reader, (writer) => {
    header(writer, 10);
    writeBody(writer, 1, new TextEncoder().encode('0123456789'), 12);
  });
  expect([bodies, reader.isUnderWay]).toEqual([['0123456789'], false]);
});

it('is done with the header where the body is empty', () => {
  const reader = new ContentReader();
  reader.start(method);
  expect(read(reader, (writer) => header(writer, 0))).toEqual(['']);
});

it('refuses a header or a body that nothing has announced, and one that is out of turn', () => {
  const body = (writer: ByteWriter): void => writeBody(writer, 1, new Uint8Array(1), 0);
  expect(() => read(new ContentReader(), (writer) => header(writer, 1))).toThrow(UnexpectedFrame);
  expect(() => read(new ContentReader(), body)).toThrow(UnexpectedFrame);
  const reader = new ContentReader();
  reader.start(method);
  expect(() => read(reader, body)).toThrow('expected content header for class 60');
});
