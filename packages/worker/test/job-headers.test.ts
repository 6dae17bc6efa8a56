import { runInNewContext } from 'node:vm';
import type { FieldTable, Message } from '@puka/client';
import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { bareCopy, copyOf, errorFacts, pastOf, queueOf, redriveCopyOf } from '../src/job-headers.ts';

/** As much of a message as is looked at. */
function message(headers: Record<string, unknown>, more: Partial<Message> = {}): Message {
  const body = new Uint8Array([1]);
  return {
    headers: headers as FieldTable,
    redelivered: false,
    exchange: '',
    routingKey: 'jobs',
    body,
    ...more,
  } as Message;
}
const unreadable = Object.defineProperty(message({}), 'headers', {
  get: () => {
    throw new Error('malformed');
  },
});

describe('how often a job was begun', () => {
  it.each([
    ['never', {}, false, 0, false],
    ['as written', { 'puka-attempts': 3 }, false, 3, false],
    ['once more for a redelivery without a count', { 'puka-attempts': 3 }, true, 4, true],
    ['as a quorum queue has counted', { 'x-delivery-count': 2n }, true, 2, false],
    ['both together', { 'puka-attempts': 3, 'x-delivery-count': 2 }, true, 5, false],
    ['not as another queue has counted', { 'x-delivery-count': 2 }, false, 0, true],
    ['not as a wrong header says', { 'puka-attempts': -4 }, false, 0, false],
    ['not as words', { 'puka-attempts': 'many', 'x-delivery-count': 'few' }, true, 1, true],
  ])('%s', (_name, headers, redelivered, begun, needsRecount) => {
    expect(pastOf(message(headers, { redelivered }))).toEqual({ begun, needsRecount, isReadable: true });
  });

  it('is not known where the headers cannot be read', () => {
    expect(pastOf(unreadable)).toMatchObject({ isReadable: false });
  });
});

describe('a copy', () => {
  const facts = { queue: 'jobs', begun: 2, lastAttempt: new Date(0) };

  it('keeps what the publisher wrote', () => {
    const timestamp = new Date(5000);
    const own = {
      contentType: 'a/b',
      correlationId: 'c',
      replyTo: 'r',
      messageId: 'm',
      type: 't',
      appId: 'a',
      priority: 3,
    };
    const copy = copyOf(message({ own: 1 }, { ...own, timestamp }), facts);
    expect(copy).toMatchObject({ ...own, timestamp, deliveryMode: 2, headers: { own: 1 }, body: new Uint8Array([1]) });
  });

  it('has nothing that would lead it astray, let it expire, be refused or pass for a circle', () => {
    const counts = { 'x-delivery-count': 4, 'x-stream-offset': 7 };
    const astray = { CC: ['a'], BCC: ['b'], 'x-death': [{}], 'x-last-death-queue': 'q', ...counts };
    const copy = copyOf(message(astray, { expiration: '5', userId: 'somebody' }), facts);
    for (const name of Object.keys(astray)) expect(copy.headers).not.toHaveProperty(name);
    expect(copy.expiration).toBeUndefined();
    expect(copy.userId).toBeUndefined();
    expect(copy.headers).toHaveProperty('puka-user-id', 'somebody');
  });

  it('names the first death before the worker, not of the delays of its own', () => {
    const first = { 'x-first-death-queue': 'orders', 'x-first-death-reason': 'expired' };
    expect(copyOf(message({ 'puka-queue': 'jobs', ...first }), facts).headers).toMatchObject(first);
    const own = { 'puka-queue': 'jobs', 'x-first-death-queue': 'jobs.retry.5', 'x-first-death-reason': 'expired' };
    expect(copyOf(message(own), facts).headers).not.toHaveProperty('x-first-death-queue');
    expect(copyOf(message(own), facts).headers).not.toHaveProperty('x-first-death-reason');
  });

  it('keeps the time of the first attempt, and the first route, over all copies', () => {
    const first = copyOf(message({}, { exchange: 'logs', routingKey: 'k' }), facts);
    const second = copyOf(message({ ...first.headers }), { ...facts, begun: 3, lastAttempt: new Date(1000) });
    expect(second.headers).toMatchObject({
      'puka-first-attempt': '1970-01-01T00:00:00.000Z',
      'puka-last-attempt': '1970-01-01T00:00:01.000Z',
      'puka-exchange': 'logs',
      'puka-routing-key': 'k',
      'puka-attempts': 3,
    });
  });

  it('can be made where the headers cannot be read', () => {
    expect(copyOf(unreadable, facts).headers).toMatchObject({ 'puka-queue': 'jobs', 'puka-attempts': 2 });
  });

  it('that must be small keeps the short headers of the worker, and the beginning of the error', () => {
    const forged = {
      own: 1,
      'puka-exchange': 'x'.repeat(256),
      'puka-routing-key': 'k',
      'puka-first-attempt': { a: 1 },
    };
    const error = { name: 'E', text: 'x'.repeat(1000), stack: 'x'.repeat(4000) };
    const copy = copyOf(message(forged, { replyTo: 'r', type: 't' }), { ...facts, error, reason: 'attempts' });
    expect(bareCopy(copy)).toMatchObject({ type: 't', deliveryMode: 2, body: new Uint8Array([1]) });
    expect(bareCopy(copy)).not.toHaveProperty('replyTo');
    expect(bareCopy(copy).headers).toEqual({
      ...{ 'puka-queue': 'jobs', 'puka-routing-key': 'k', 'puka-attempts': 2, 'puka-reason': 'attempts' },
      ...{ 'puka-last-attempt': '1970-01-01T00:00:00.000Z', 'puka-error-name': 'E', 'puka-error': 'x'.repeat(255) },
    });
  });

  it('for a redrive keeps where it came from and begins anew', () => {
    const dead = copyOf(message({ own: 1 }, { exchange: 'logs' }), {
      ...facts,
      error: { name: 'E', text: 'no', stack: 'at' },
      reason: 'attempts',
      issues: [{ message: 'no' }],
    });
    expect(redriveCopyOf(message({ ...dead.headers })).headers).toEqual({
      ...{ own: 1, 'puka-queue': 'jobs', 'puka-exchange': 'logs', 'puka-routing-key': 'jobs' },
    });
  });
});

const warnings: unknown[] = [];
const warn = (error: unknown): void => void warnings.push(error);

describe('the recorded facts of an error', () => {
  it('is its name and text, no stack', () => {
    expect(errorFacts(new RangeError('far'), undefined, false, warn)).toEqual({
      name: 'RangeError',
      text: 'far',
      stack: undefined,
    });
  });

  it('is its stack where that is asked for', () => {
    expect(errorFacts(new RangeError('far'), undefined, true, warn).stack).toMatch(/^RangeError: far\n/);
  });

  it('is changed first where that is asked for, and cut', () => {
    const redact = (text: string): string => text.replaceAll('pass', '***');
    const { text, stack } = errorFacts(new Error(`pass${'x'.repeat(5000)}`), redact, true, warn);
    expect(text).toBe(`***${'x'.repeat(997)}`);
    expect(stack).not.toContain('pass');
    expect(stack).toHaveLength(4000);
  });

  it('has no half of a surrogate pair, which no header takes', () => {
    const error = new Error(`${'x'.repeat(999)}\u{1f600}`);
    error.name = `${'N'.repeat(199)}\u{1f600}`;
    error.stack = 'at \ud800 here';
    expect(errorFacts(error, undefined, true, warn)).toEqual({
      ...{ name: `${'N'.repeat(199)}\ufffd`, text: `${'x'.repeat(999)}\ufffd`, stack: 'at \ufffd here' },
    });
    expect(errorFacts('\u{1f600}\udfff', undefined, true, warn).text).toBe('\u{1f600}\ufffd');
    const issues = [{ message: `${'x'.repeat(3986)}\u{1f600}` }];
    const { headers } = copyOf(message({}), { queue: 'jobs', begun: 1, lastAttempt: new Date(0), issues });
    expect(headers).toMatchObject({ 'puka-issues': `[{"message":"${'x'.repeat(3986)}\ufffd` });
  });

  it('is nothing of an object that is no error', () => {
    expect(errorFacts({ password: 'p' }, undefined, true, warn)).toEqual({
      name: 'object',
      text: '',
      stack: undefined,
    });
    expect(errorFacts('gone', undefined, false, warn)).toEqual({ name: 'string', text: 'gone', stack: undefined });
  });

  it('is the same of an error of another realm', () => {
    const error: unknown = runInNewContext("new RangeError('far')");
    expect(errorFacts(error, undefined, false, warn)).toMatchObject({ name: 'RangeError', text: 'far' });
  });

  it('leaves out fields that cannot be read', () => {
    const never = (): never => {
      throw new Error('not to be read');
    };
    const error = Object.defineProperties(new Error('x'), { stack: { get: never }, name: { get: never } });
    const message = Object.assign(new Error('x'), { message: Object.create(null) as string });
    expect(errorFacts(error, undefined, true, warn)).toEqual({ name: 'Error', text: 'x', stack: undefined });
    expect(errorFacts(message, undefined, false, warn)).toMatchObject({ name: 'Error', text: '' });
  });

  it('leaves out the text if redact fails, and warns of that', () => {
    const failed = new Error('cannot');
    const redacts: unknown[] = [
      () => {
        throw failed;
      },
      async (): Promise<string> => {
        throw failed;
      },
      () => undefined,
    ];
    warnings.length = 0;
    for (const redact of redacts as (() => string)[]) {
      expect(errorFacts(new RangeError('secret'), redact, false, warn)).toMatchObject({ name: 'RangeError', text: '' });
    }
    expect(warnings).toEqual([failed, expect.any(UsageError), expect.any(UsageError)]);
  });
});

it.each([
  [{ 'puka-queue': 'jobs', 'x-first-death-queue': 'other' }, 'jobs'],
  [{ 'x-first-death-queue': 'other' }, 'other'],
  [{}, undefined],
])('knows where %o came from', (headers, queue) => {
  expect(queueOf(message(headers))).toBe(queue);
});
