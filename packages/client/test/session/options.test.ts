import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { completeSessionOptions } from '../../src/session/options.ts';

describe('session options', () => {
  it('have the documented defaults', () => {
    expect(completeSessionOptions({})).toMatchObject({
      vhost: '/',
      heartbeat: 60,
      frameMax: 131_072,
      channelMax: 2047,
      maxMessageBytes: 134_217_728,
      maxAnswerBytes: 16_777_216,
      maxTableDepth: 64,
      connectTimeoutMs: 10_000,
      closeTimeoutMs: 5000,
    });
  });

  it.each([
    { heartbeat: -1 },
    { heartbeat: 65_536 },
    { heartbeat: 1.5 },
    { channelMax: -1 },
    { channelMax: 65_536 },
    { maxMessageBytes: -1 },
    { maxMessageBytes: Number.NaN },
    { maxAnswerBytes: 1.5 },
    { newBody: 16 as never },
    { maxTableDepth: 0 },
    { maxTableDepth: 513 },
    { clientProperties: { a: { b: 1 } }, maxTableDepth: 1 },
    { frameMax: 8191 },
    { frameMax: -1 },
    { frameMax: Number.NaN },
    { connectTimeoutMs: Number.NaN },
    { connectTimeoutMs: '10' as unknown as number },
    { closeTimeoutMs: -1 },
    { closeTimeoutMs: Number.NaN },
    { vhost: 'v'.repeat(256) },
    { clientProperties: { nested: { x: Number.NaN } } },
  ])('refuse %o', (options) => {
    expect(() => completeSessionOptions(options)).toThrow(UsageError);
  });

  it('leave to the broker what is 0', () => {
    expect(completeSessionOptions({ channelMax: 0, frameMax: 0, heartbeat: 0 })).toMatchObject({
      channelMax: 65_535,
      frameMax: 0x7fff_ffff,
      heartbeat: 0,
    });
  });

  it('report why frames are too small', () => {
    expect(() => completeSessionOptions({ frameMax: 4096 })).toThrow(/4096.*8192.*RabbitMQ 4\.1/);
  });
});
