import { type AmqpError, ConnectionBroken, type PukaError, replyError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { asRefused, Connection, hasConfirms, notAnswered, notSent } from '../../src/connection/connection.ts';
import { defaultRuntime } from '../../src/runtime/runtime.ts';
import { handshake } from '../session/harness.ts';

function scene() {
  const calls: string[] = [];
  const describeError = (error: PukaError | undefined): string => error?.code ?? 'none';
  const connection = new Connection(
    { username: 'u', password: 'p' },
    {
      runtime: { ...defaultRuntime, atTurnEnd: () => {} },
      drive: { isAutomatic: false },
      counts: { traffic: { receivedBytes: 0, sentBytes: 0 } },
      callbacks: { run: () => {} },
      flow: { hasRoom: true, limitInbound: () => {}, outboundChanged: () => {} },
      changes: { blocked: () => {}, unblocked: () => {}, ioReady: () => {} },
      users: {
        prepare: () => calls.push('prepare'),
        attach: () => calls.push('attach'),
        detach: (error, willRecover) => calls.push(`detach ${describeError(error)} ${willRecover}`),
        beforeWrite: () => calls.push('beforeWrite'),
        awaitsAnswer: false,
        openBytes: 0,
      },
    },
    {
      opened: (opened, info) => {
        opened.prepare(info);
        opened.attach(info);
      },
      willRecover: () => true,
      closed: (_closed, error) => calls.push(`closed ${describeError(error)}`),
    },
  );
  connection.session.connect(0);
  return { connection, calls };
}

describe('a connection', () => {
  it('attaches its users, and detaches them before anything else hears of its end', () => {
    const { connection, calls } = scene();
    connection.session.receive(handshake, 0);
    connection.beforeWrite();
    connection.session.receiveEof(0, new ConnectionBroken('reset'));
    expect(calls).toEqual([
      'prepare',
      'attach',
      'beforeWrite',
      'detach CONNECTION_BROKEN true',
      'closed CONNECTION_BROKEN',
    ]);
    expect(connection.hasOpened).toBe(true);
    expect(connection.info).toBeUndefined();
  });

  it('that never opened has no users to detach', () => {
    const { connection, calls } = scene();
    connection.session.receiveEof(0, new ConnectionBroken('refused'));
    expect(calls).toEqual(['closed CONNECTION_BROKEN']);
  });
});

describe('errors of a lost connection', () => {
  it('report whether the operation was sent', () => {
    const cause = new ConnectionBroken('reset');
    expect(notSent('queue.declare', cause)).toMatchObject({ method: 'queue.declare', outcome: 'not-sent', cause });
    expect(notAnswered('queue.declare', cause)).toMatchObject({ method: 'queue.declare', outcome: 'unknown', cause });
  });

  it('leave the outcome of a repeated operation open, whatever the second try was told', () => {
    const refusal: AmqpError = replyError(406, 'PRECONDITION_FAILED', { method: 'queue.delete' });
    expect(asRefused(refusal, false)).toBe(refusal);
    expect(asRefused(refusal, true)).toMatchObject({ code: 'PRECONDITION_FAILED', replyCode: 406, outcome: 'unknown' });
  });
});

describe('confirms', () => {
  it('are known by the capabilities of the server', () => {
    const info = { frameMax: 0, channelMax: 1, heartbeat: 0 };
    const withCapabilities = (capabilities: never) => hasConfirms({ ...info, serverProperties: { capabilities } });
    expect(withCapabilities({ publisher_confirms: true } as never)).toBe(true);
    expect(withCapabilities({ publisher_confirms: false } as never)).toBe(false);
    expect(withCapabilities('yes' as never)).toBe(false);
    expect(hasConfirms({ ...info, serverProperties: {} })).toBe(false);
  });
});
