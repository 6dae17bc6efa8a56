import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import * as declaring from '../../src/topology/declarations.ts';
import type { QueueDeclareOptions } from '../../src/topology/options.ts';

describe('queueDeclare', () => {
  const flags = (options: QueueDeclareOptions, refusesTransient: boolean): object => {
    const { method } = declaring.queueDeclare(options, refusesTransient);
    if (method.type !== 'queue.declare') throw new Error(method.type);
    return { durable: method.durable ?? false, exclusive: method.exclusive ?? false };
  };

  it('is transient and shared by default', () => {
    expect(flags({ queue: 'q' }, false)).toEqual({ durable: false, exclusive: false });
    expect(flags({}, false)).toEqual({ durable: false, exclusive: false });
  });

  it.each([
    [{ queue: 'q' }, { durable: true, exclusive: false }],
    [
      { queue: 'q', exclusive: true },
      { durable: false, exclusive: true },
    ],
    [
      { queue: 'q', durable: false },
      { durable: false, exclusive: false },
    ],
    [
      { queue: 'q', exclusive: false },
      { durable: true, exclusive: false },
    ],
    [{}, { durable: false, exclusive: true }],
    [{ queue: '' }, { durable: false, exclusive: true }],
    [{ durable: true }, { durable: true, exclusive: false }],
    [{ exclusive: false }, { durable: true, exclusive: false }],
    [{ durable: false }, { durable: false, exclusive: true }],
  ])('on a broker that refuses transient queues %j returns %j', (options, expected) => {
    expect(flags(options, true)).toEqual(expected);
  });

  it('reports what was said, and no more', () => {
    const { method } = declaring.queueDeclare(
      { queue: 'q', passive: true, autoDelete: false, arguments: { a: 1 } },
      false,
    );
    expect(method).toEqual({
      type: 'queue.declare',
      queue: 'q',
      passive: true,
      autoDelete: false,
      arguments: { a: 1 },
    });
  });

  it('reads its reply, and no other', () => {
    const { read } = declaring.queueDeclare({}, false);
    const counts = { messageCount: 2, consumerCount: 1 };
    expect(read({ type: 'queue.declare-ok', queue: 'amq.gen-x', ...counts })).toEqual({
      queue: 'amq.gen-x',
      ...counts,
    });
    expect(read({ type: 'queue.delete-ok', messageCount: 2 })).toBeUndefined();
  });
});

describe('the others', () => {
  it('put each option in its field', () => {
    const table = { 'x-match': 'all' };
    const binding = { exchange: 'x', queue: 'q', routingKey: 'k', arguments: table };
    const between = { destination: 'd', source: 's', routingKey: 'k', arguments: table };
    expect(declaring.queueBind(binding).method).toEqual({ type: 'queue.bind', ...binding });
    expect(declaring.queueUnbind(binding).method).toEqual({ type: 'queue.unbind', ...binding });
    expect(declaring.exchangeBind(between).method).toEqual({ type: 'exchange.bind', ...between });
    expect(declaring.exchangeUnbind(between).method).toEqual({
      type: 'exchange.unbind',
      ...between,
    });
    expect(declaring.queueDelete({ queue: 'q', ifUnused: true, ifEmpty: false }).method).toEqual({
      type: 'queue.delete',
      queue: 'q',
      ifUnused: true,
      ifEmpty: false,
    });
    expect(declaring.queuePurge({ queue: 'q' }).method).toEqual({ type: 'queue.purge', queue: 'q' });
    expect(declaring.exchangeDelete({ exchange: 'x', ifUnused: true }).method).toEqual({
      type: 'exchange.delete',
      exchange: 'x',
      ifUnused: true,
    });
    const flags = { durable: true, autoDelete: true, internal: true, passive: true };
    expect(declaring.exchangeDeclare({ exchange: 'x', type: 'topic', ...flags, arguments: table }).method).toEqual({
      type: 'exchange.declare',
      exchange: 'x',
      exchangeType: 'topic',
      ...flags,
      arguments: table,
    });
  });

  it('default to a direct exchange and an empty routing key', () => {
    expect(declaring.exchangeDeclare({ exchange: 'x' }).method).toEqual({
      type: 'exchange.declare',
      exchange: 'x',
      exchangeType: 'direct',
    });
    expect(declaring.queueBind({ queue: 'q', exchange: 'x' }).method).toMatchObject({
      routingKey: '',
    });
    expect(declaring.exchangeBind({ destination: 'd', source: 's' }).method).toMatchObject({
      routingKey: '',
    });
  });

  it('read how many messages went', () => {
    expect(declaring.queueDelete({ queue: 'q' }).read({ type: 'queue.delete-ok', messageCount: 3 })).toEqual({
      messageCount: 3,
    });
    expect(declaring.queuePurge({ queue: 'q' }).read({ type: 'queue.purge-ok', messageCount: 4 })).toEqual({
      messageCount: 4,
    });
  });
});

describe('checkQueue', () => {
  it('takes 1 to 255 bytes of UTF-8', () => {
    for (const name of ['q', 'x'.repeat(255), 'é'.repeat(127), '🐎'.repeat(63)]) {
      expect(() => declaring.checkQueue(name, 'queue.purge')).not.toThrow();
    }
  });

  it.each([
    ['', 'empty'],
    ['x'.repeat(256), '256 bytes'],
    ['é'.repeat(128), '256 bytes'],
    ['\ud83d', 'surrogate'],
    [undefined, 'undefined'],
    [null, 'object'],
    [5, 'number'],
  ])('refuses %j, naming what is wrong and with which method', (name, text) => {
    expect(() => declaring.checkQueue(name, 'queue.purge')).toThrow(UsageError);
    expect(() => declaring.checkQueue(name, 'queue.purge')).toThrow(text);
    expect(() => declaring.checkQueue(name, 'queue.purge')).toThrow('queue.purge');
  });
});

describe('checkEncodable', () => {
  it('throws what encoding would throw', () => {
    expect(() => declaring.checkEncodable({ type: 'queue.purge', queue: 'q' })).not.toThrow();
    expect(() => declaring.checkEncodable({ type: 'queue.purge', queue: 'x'.repeat(256) })).toThrow(UsageError);
    expect(() =>
      declaring.checkEncodable({ type: 'queue.declare', queue: 'q', arguments: { odd: Number.NaN } }),
    ).toThrow('odd');
  });
});
