import {
  AmqpNotImplemented,
  AuthenticationFailed,
  ConnectionBroken,
  ConnectionForced,
  LimitExceeded,
  type PukaError,
  replyError,
  UnsupportedProtocol,
  UsageError,
} from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { StopConditions } from '../../src/recovery/stop-conditions.ts';

const known = { hasConnected: true, asksForCredentials: false, nowMs: 0 };

function stops(error: PukaError, how: Partial<typeof known> = {}): boolean {
  return new StopConditions(1000).stops({ ...known, ...how, error });
}

const noVhost = replyError(530, "NOT_ALLOWED - vhost 'x' not found", {
  method: 'connection.open',
  scope: 'connection',
});

describe('another attempt does not mend', () => {
  it.each([
    ['a refused login', new AuthenticationFailed('refused')],
    ['a mistake of the caller', new UsageError('no credentials')],
    ['a broker without confirms, where they are insisted on', new AmqpNotImplemented('pubacks', { blame: 'broker' })],
    ['a broker with too few channels', new LimitExceeded('3 channels', { blame: 'broker', scope: 'connection' })],
  ])('%s', (_, error) => {
    expect(stops(error)).toBe(true);
  });

  it('another protocol and a bad certificate, before anything has worked', () => {
    const certificate = new ConnectionBroken('TLS', {
      cause: Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }),
    });
    for (const error of [new UnsupportedProtocol('HTTP'), certificate]) {
      expect(stops(error, { hasConnected: false })).toBe(true);
      expect(stops(error)).toBe(false);
    }
  });
});

describe('another attempt may mend', () => {
  it.each([
    ['a lost connection', new ConnectionBroken('reset')],
    ['an operator', new ConnectionForced('shutdown')],
    ['a login that the broker dropped while it boots', new AuthenticationFailed('dropped', { retryable: true })],
    ['a vhost that boots', replyError(541, "vhost '/' is down", { method: 'connection.open', scope: 'connection' })],
    ['a limit on connections', replyError(530, 'connection limit (10) is reached', { method: 'connection.open' })],
    ['a request that the broker does not know', replyError(540, 'NOT_IMPLEMENTED', { method: 'queue.purge' })],
  ])('%s', (_, error) => {
    expect(stops(error)).toBe(false);
  });
});

describe('fresh credentials', () => {
  it('may be refused twice in a row: a token may just be changing', () => {
    const conditions = new StopConditions(1000);
    const refused = { ...known, asksForCredentials: true, error: new AuthenticationFailed('refused') };
    expect([1, 2, 3].map(() => conditions.stops(refused))).toEqual([false, false, true]);
    conditions.reset();
    expect(conditions.stops(refused)).toBe(false);
    conditions.stops({ ...known, error: new ConnectionBroken('reset') });
    expect([1, 2, 3].map(() => conditions.stops(refused))).toEqual([false, false, true]);
  });
});

describe('a virtual host that is not there', () => {
  it('stops at once before the client has ever connected, and later after retryFor', () => {
    expect(stops(noVhost, { hasConnected: false })).toBe(true);
    const conditions = new StopConditions(1000);
    const at = (nowMs: number): boolean => conditions.stops({ ...known, error: noVhost, nowMs });
    expect([at(0), at(999), at(1000)]).toEqual([false, false, true]);
  });

  it('is counted anew after any other error', () => {
    const conditions = new StopConditions(1000);
    conditions.stops({ ...known, error: noVhost, nowMs: 0 });
    conditions.stops({ ...known, error: new ConnectionBroken('reset'), nowMs: 500 });
    expect(conditions.stops({ ...known, error: noVhost, nowMs: 1200 })).toBe(false);
  });
});

describe('a round over several hosts', () => {
  const round = (...errors: PukaError[]): ConnectionBroken =>
    new ConnectionBroken('none of the 2 hosts', { cause: new AggregateError(errors) });
  const refused = new ConnectionBroken('ECONNREFUSED');

  it('stops where the error of each host does', () => {
    const first = { hasConnected: false };
    expect(stops(round(noVhost, noVhost), first)).toBe(true);
    expect(stops(round(noVhost, new UnsupportedProtocol('HTTP')), first)).toBe(true);
    expect(stops(round(noVhost, refused), first)).toBe(false);
    expect(stops(round(refused, noVhost), first)).toBe(false);
  });

  it('gives up on a virtual host that is missing at all of them for retryFor, and not where one was away', () => {
    const conditions = new StopConditions(1000);
    const at = (nowMs: number, error: PukaError): boolean => conditions.stops({ ...known, error, nowMs });
    expect([at(0, round(noVhost, noVhost)), at(1000, round(noVhost, noVhost))]).toEqual([false, true]);
    conditions.reset();
    expect([at(0, round(noVhost, noVhost)), at(900, round(noVhost, refused))]).toEqual([false, false]);
    expect(at(1000, round(noVhost, noVhost))).toBe(false);
  });

  it('is not taken for the addresses of one host, which the runtime tells of in the same way', () => {
    const addresses = new AggregateError([new Error('::1'), new Error('127.0.0.1')]);
    expect(stops(new ConnectionBroken('ECONNREFUSED', { cause: addresses }), { hasConnected: false })).toBe(false);
  });
});
