import { describe, expect, it } from 'vitest';
import { classes, domains, replyCodeDefinitions } from '../../src/protocol/table.ts';

const methods = classes.flatMap((owner) => owner.methods.map((method) => ({ owner, method })));

function fieldsOf(className: string, methodName: string): string[] {
  const found = methods.find(({ owner, method }) => owner.name === className && method.name === methodName);
  return found?.method.fields.map((field) => ('reserved' in field ? `(${field.reserved})` : field.name)) ?? [];
}

describe('the protocol table', () => {
  it('holds the 62 methods of seven classes', () => {
    expect(classes.map(({ name, methods }) => `${name} ${methods.length}`)).toEqual([
      'connection 14',
      'channel 6',
      'exchange 8',
      'queue 10',
      'basic 18',
      'confirm 2',
      'tx 6',
    ]);
  });

  it('numbers no class and no method of a class twice', () => {
    const ids = methods.map(({ owner, method }) => owner.id * 65_536 + method.id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(classes.map(({ id }) => id)).size).toBe(classes.length);
  });

  it('uses every domain and no other', () => {
    const used = methods.flatMap(({ method }) =>
      method.fields.flatMap((field) => ('reserved' in field ? [] : [field.domain])),
    );

    expect([...new Set(used)].sort()).toEqual(Object.keys(domains).sort());
  });

  it('answers a method by methods of the other side, or of both', () => {
    for (const { owner, method } of methods) {
      for (const reply of method.replies) {
        const answer = owner.methods.find(({ name }) => name === reply);
        const isFitting = method.direction === 'both' || answer?.direction !== method.direction;
        expect(isFitting, `${owner.name}.${method.name} by ${reply}`).toBe(true);
      }
    }
  });

  it('has each -ok as the answer to something', () => {
    for (const { owner, method } of methods.filter(({ method }) => method.name.endsWith('-ok'))) {
      const isAnswer = owner.methods.some(({ replies }) => replies.includes(method.name));
      expect(isAnswer, `${owner.name}.${method.name}`).toBe(true);
    }
  });

  it('ends the sentences about methods and fields', () => {
    for (const { owner, method } of methods) {
      const docs = [method.doc, ...method.fields.flatMap((field) => ('reserved' in field ? [] : [field.doc]))];
      for (const doc of docs) expect(doc, `${owner.name}.${method.name}`).toMatch(/^[A-Z][^\n]*[.…]$/);
    }
  });

  it('knows the extensions of RabbitMQ by name', () => {
    const names = new Set(methods.flatMap(({ method }) => (method.extension === undefined ? [] : [method.extension])));

    expect([...names].sort()).toEqual([
      'basic.nack',
      'connection.blocked',
      'connection.update-secret',
      'exchange_exchange_bindings',
      'publisher_confirms',
    ]);
  });
});

describe('the traps of the protocol', () => {
  it('queue.unbind has no no-wait', () => {
    expect(fieldsOf('queue', 'unbind')).toEqual(['(uint16)', 'queue', 'exchange', 'routing-key', 'arguments']);
  });

  it('basic.qos has no no-wait', () => {
    expect(fieldsOf('basic', 'qos')).toEqual(['prefetch-size', 'prefetch-count', 'global']);
  });

  it('tx has no fields at all', () => {
    expect(classes.find(({ name }) => name === 'tx')?.methods.flatMap(({ fields }) => fields)).toEqual([]);
  });

  it('exchange.declare has auto-delete and internal between durable and no-wait', () => {
    expect(fieldsOf('exchange', 'declare').slice(3)).toEqual([
      'passive',
      'durable',
      'auto-delete',
      'internal',
      'no-wait',
      'arguments',
    ]);
  });

  it('exchange.unbind-ok is number 51', () => {
    expect(
      methods.find(({ owner, method }) => owner.name === 'exchange' && method.name === 'unbind-ok')?.method.id,
    ).toBe(51);
  });

  it('channel.open-ok reserves a long string, channel.open a short one', () => {
    expect(fieldsOf('channel', 'open')).toEqual(['(shortString)']);
    expect(fieldsOf('channel', 'open-ok')).toEqual(['(longString)']);
  });
});

describe('the reply codes', () => {
  it('are those of RabbitMQ: 7 soft and 11 hard', () => {
    const list = (isHard: boolean) =>
      replyCodeDefinitions.filter(({ hard }) => hard === isHard).map(({ code }) => code);

    expect(list(false)).toEqual([311, 312, 313, 403, 404, 405, 406]);
    expect(list(true)).toEqual([320, 402, 501, 502, 503, 504, 505, 506, 530, 540, 541]);
  });

  it('reach as far as they are hard', () => {
    for (const { hard, scope } of replyCodeDefinitions) expect(scope === 'connection').toBe(hard);
  });
});
