import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../src/connection/connection.ts';
import { ConnectionChanges } from '../src/connection-changes.ts';
import { ClientCounts } from '../src/diagnostics/client-counts.ts';
import { Events } from '../src/events.ts';
import type { RecoveryReport } from '../src/recovery/recovery.ts';

const info = { serverProperties: {}, frameMax: 0, channelMax: 1, heartbeat: 0 };
const error = new ConnectionBroken('reset');

function scene(isManual = false) {
  const log: string[] = [];
  const events = new Events(() => log.push('a listener threw'));
  events.on('connected', (_info, recovered) => log.push(`connected ${recovered?.attempts ?? 'first'}`));
  events.on('disconnected', (_error, isRecovering) => log.push(`disconnected ${isRecovering}`));
  events.on('recovering', ({ attempt }) => log.push(`recovering ${attempt}`));
  events.on('blocked', (reason) => log.push(`blocked ${reason}`));
  events.on('unblocked', () => log.push('unblocked'));
  events.on('ioReady', () => log.push('ioReady'));
  events.on('closed', () => log.push('closed'));
  const reports: RecoveryReport[] = [];
  const changes = new ConnectionChanges({
    counts: new ClientCounts(),
    observed: { host: '', port: 0, virtualHost: '' },
    events,
    users: {
      detach: (_error, willRecover) => log.push(`detach ${willRecover}`),
      subscriptions: { consumers: [{ stop: () => log.push('stop 1') }, { stop: () => log.push('stop 2') }] },
    },
    recovery: { opened: () => reports.shift(), ended: () => log.push('recovery ended') },
    flow: { connectionClosed: () => log.push('flow') },
    shutdowns: { connectionClosed: () => log.push('shutdowns') },
    loops: { end: (end) => log.push(`loops ${end}`) },
    drive: {
      isManual,
      isAutomatic: !isManual,
      rest: () => log.push('rest'),
      scheduleTurn: () => log.push('turn'),
    },
  });
  const driver = { wake: () => log.push('wake') };
  const connection = { driver } as unknown as Connection; // No more of it is used.
  return { log, reports, changes, connection };
}

describe('a connection', () => {
  it('that opens is emitted, with the report where it was recovered', () => {
    const { log, reports, changes } = scene();
    changes.connected(info);
    const restored = { exchanges: 0, queues: 0, bindings: 0, consumers: 0 };
    reports.push({ attempts: 2, downMs: 5, host: 'one:5672', restored, waiting: 0, resent: 0 });
    changes.connected(info);
    expect(log).toEqual(['connected first', 'connected 2']);
  });

  it('that is lost is blocked no longer, and callbacks run', () => {
    const { log, changes, connection } = scene();
    changes.blocked('memory');
    changes.lost(connection, error);
    changes.planned({ attempt: 1, delayMs: 0, error });
    expect(log).toEqual(['blocked memory', 'disconnected true', 'unblocked', 'wake', 'turn', 'recovering 1']);
  });

  it('that is blocked while it is restored, and lost, is blocked no longer when an attempt is planned', () => {
    const { log, changes } = scene();
    changes.blocked('disk');
    changes.planned({ attempt: 2, delayMs: 0, error });
    expect(log).toEqual(['blocked disk', 'unblocked', 'recovering 2']);
  });
});

it('closing stops all consumers', () => {
  const { log, changes } = scene();
  changes.closing();
  expect(log).toEqual(['stop 1', 'stop 2']);
});

describe('the end', () => {
  it('reaches those that wait before the events, and the loops after them', () => {
    const { log, changes, connection } = scene();
    changes.ended({ connection, error, reason: error, stateBefore: 'connected' });
    expect(log).toEqual([
      ...['detach false', 'recovery ended', 'flow', 'shutdowns'],
      ...['disconnected false', 'wake', 'turn', 'closed', 'loops close', 'rest', 'wake', 'turn'],
    ]);
  });

  it('of a client that never connected detaches nothing and reports no lost connection', () => {
    const { log, changes } = scene();
    changes.ended({ connection: undefined, error, reason: error, stateBefore: 'connecting' });
    expect(log).toEqual(['recovery ended', 'flow', 'shutdowns', 'closed', 'loops close', 'rest', 'turn']);
  });

  it('of a client that a listener of the loss has closed comes after `unblocked`', () => {
    const { log, changes } = scene();
    changes.blocked('memory');
    changes.ended({ connection: undefined, error: undefined, reason: error, stateBefore: 'recovering' });
    expect(log.filter((word) => /blocked|closed/.test(word))).toEqual(['blocked memory', 'unblocked', 'closed']);
  });

  it('of a client that recovers fails what waits, and was emitted as a loss before', () => {
    const { log, changes } = scene();
    changes.ended({ connection: undefined, error, reason: error, stateBefore: 'recovering' });
    expect(log[0]).toBe('detach false');
    expect(log).not.toContain('disconnected false');
  });
});

it('ioReady is emitted for a client that is driven by hand alone', () => {
  const [byHand, byItself] = [scene(true), scene(false)];
  byHand.changes.ioReady();
  byItself.changes.ioReady();
  expect([byHand.log, byItself.log]).toEqual([['ioReady'], []]);
});
