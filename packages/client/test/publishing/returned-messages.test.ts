import { encodeProperties, type FieldTableInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import type { OperationHost } from '../../src/operations/operation.ts';
import { PublishOperation } from '../../src/publishing/publish-operation.ts';
import { ReturnedMessages } from '../../src/publishing/returned-messages.ts';
import type { PublishInput, ReceivedContent } from '../../src/session/index.ts';

const host: OperationHost = { nextNumber: () => 0, callbackReady: () => {}, failedUnseen: () => {} };

interface Given {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly body?: Uint8Array;
  readonly messageId?: string;
  readonly headers?: FieldTableInput;
}

function input({
  exchange = 'x',
  routingKey = 'k',
  body = Uint8Array.of(1, 2, 3),
  messageId,
  headers,
}: Given): PublishInput {
  return { exchange, routingKey, mandatory: true, properties: encodeProperties({ messageId, headers }), body };
}

function add(returns: ReturnedMessages, given: Given): PublishOperation {
  const operation = new PublishOperation(host, 'basic.publish', undefined);
  operation.input = input(given);
  returns.add(operation, operation.input);
  return operation;
}

/** As it comes from the broker: somewhere in the middle of the bytes received. */
function content({ properties, body }: PublishInput): ReceivedContent {
  const head = properties instanceof Uint8Array ? properties : new Uint8Array(2);
  const bytes = new Uint8Array(10 + head.length + body.length + 5).fill(0xaa);
  bytes.set(head, 7);
  bytes.set(body, 10 + head.length);
  return {
    kind: 'return',
    deliveryTag: 0,
    methodBytes: bytes,
    methodStart: 0,
    methodEnd: 0,
    propertiesBytes: bytes,
    propertiesStart: 7,
    propertiesEnd: 7 + head.length,
    bodyBytes: bytes,
    bodyStart: 10 + head.length,
    bodyEnd: 10 + head.length + body.length,
    bodyMemory: undefined,
    overLimit: undefined,
  };
}

function find(returns: ReturnedMessages, given: Given): PublishOperation | undefined {
  const { exchange, routingKey } = input(given);
  return returns.find(exchange, routingKey, content(input(given)));
}

describe('finding', () => {
  it.each([
    ['exchange', { exchange: 'y' }],
    ['routing key', { routingKey: 'l' }],
    ['body', { body: Uint8Array.of(1, 2, 4) }],
    ['length of the body', { body: Uint8Array.of(1, 2) }],
    ['properties', { messageId: 'm' }],
  ] as const)('tells by the %s', (_name, other) => {
    const returns = new ReturnedMessages();
    const first = add(returns, {});
    const second = add(returns, other);
    expect(find(returns, other)).toBe(second);
    expect(find(returns, {})).toBe(first);
  });

  it('does not mix up the end of an exchange and the start of a key', () => {
    const returns = new ReturnedMessages();
    add(returns, { exchange: 'ab', routingKey: 'c' });
    expect(find(returns, { exchange: 'a', routingKey: 'bc' })).toBeUndefined();
  });

  it('distinguishes bodies that differ in one byte anywhere', () => {
    const returns = new ReturnedMessages();
    const bodies = Array.from({ length: 300 }, (_, index) => {
      const body = new Uint8Array(300);
      body[index] = 1;
      return body;
    });
    const operations = bodies.map((body) => add(returns, { body }));
    expect(bodies.map((body) => find(returns, { body }))).toEqual(operations);
  });

  it('takes equal route and body for enough where the properties came back changed', () => {
    const returns = new ReturnedMessages();
    add(returns, { body: Uint8Array.of(9) });
    const sent = add(returns, { messageId: 'as sent' });
    expect(find(returns, { messageId: 'as it came back' })).toBe(sent);
  });

  it('recognises them by the headers, in whatever order they come back', () => {
    const returns = new ReturnedMessages();
    const operations = [0, 1, 2].map((index) => add(returns, { headers: { way: 'no', index } }));
    expect([2, 0, 1].map((index) => find(returns, { headers: { index, way: 'no' } }))).toEqual([
      operations[2],
      operations[0],
      operations[1],
    ]);
  });

  it('recognises them by the headers besides BCC, which does not come back', () => {
    const returns = new ReturnedMessages();
    add(returns, { headers: { way: 'no', BCC: ['a'], index: 1 } });
    const second = add(returns, { headers: { BCC: ['a'], way: 'no', index: 2 } });
    expect(find(returns, { headers: { index: 2, way: 'no' } })).toBe(second);
  });

  it('finds nothing among those that are settled', () => {
    const returns = new ReturnedMessages();
    returns.remove(add(returns, {}));
    expect(find(returns, {})).toBeUndefined();
  });

  it('finds nothing once the channel is gone', () => {
    const returns = new ReturnedMessages();
    add(returns, {});
    returns.clear();
    expect(find(returns, {})).toBeUndefined();
  });
});

describe('those that are equal', () => {
  it('need a mark between them, others do not', () => {
    const returns = new ReturnedMessages();
    expect(returns.needsMark(input({}))).toBe(false);
    const first = add(returns, {});
    expect(returns.needsMark(input({}))).toBe(true);
    expect(returns.needsMark(input({ messageId: 'm' }))).toBe(false);
    add(returns, { headers: { a: 1, b: 2 } });
    expect(returns.needsMark(input({ headers: { b: 2, a: 1 } }))).toBe(true);
    expect(returns.needsMark(input({ headers: { b: 1, a: 1 } }))).toBe(false);
    returns.remove(first);
    expect(returns.needsMark(input({}))).toBe(false);
  });

  it('are distinguished by the marks that have come back', () => {
    const returns = new ReturnedMessages();
    const operations = [0, 1, 2].map(() => {
      const operation = add(returns, {});
      returns.markSent();
      return operation;
    });
    expect(returns.needsMark(input({}))).toBe(false);
    returns.markReturned();
    expect(find(returns, {})).toBe(operations[1]);
    returns.markReturned();
    expect(find(returns, {})).toBe(operations[2]);
    returns.markReturned();
    expect(find(returns, {})).toBeUndefined();
  });

  it('come in the order of publishing where no mark stands between them', () => {
    const returns = new ReturnedMessages();
    const first = add(returns, {});
    const second = add(returns, {});
    expect(find(returns, {})).toBe(first);
    returns.remove(first);
    expect(find(returns, {})).toBe(second);
  });
});

it('costs no more for each of fifty thousand of one size than for one', () => {
  const returns = new ReturnedMessages();
  let compared = 0;
  const operations = Array.from({ length: 50_000 }, (_, index) => {
    const operation = new PublishOperation(host, 'basic.publish', undefined);
    const body = Uint8Array.of(index >>> 16, index >>> 8, index, 7);
    const each: PublishInput = {
      ...input({}),
      get body() {
        compared++;
        return body;
      },
    };
    operation.input = each;
    returns.needsMark(each);
    returns.add(operation, each);
    return operation;
  });
  for (const operation of operations) returns.remove(operation);
  expect(compared).toBeLessThan(50_000 * 20);
});
