import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { EntitiesToMake } from '../../src/recovery/entities-to-make.ts';
import type { RecoverOptions } from '../../src/recovery/recover-options.ts';
import { DeclaredTopology } from '../../src/topology/declared-topology.ts';
import type { RecordedBinding, RecordedExchange, RecordedQueue } from '../../src/topology/recorded-entity.ts';

const queue = (name: string, options: Partial<RecordedQueue['options']> = {}): RecordedQueue => ({
  kind: 'queue',
  queue: name,
  options: { queue: name, ...options },
});
const exchange = (name: string, options: Partial<RecordedExchange['options']> = {}): RecordedExchange => ({
  kind: 'exchange',
  options: { exchange: name, ...options },
});
const binding = (
  source: string,
  destination: string,
  destinationKind: 'queue' | 'exchange' = 'queue',
): RecordedBinding => ({ kind: 'binding', source, destination, destinationKind, routingKey: '', arguments: undefined });

function scene({ topology = 'all', filter }: Pick<RecoverOptions, 'topology' | 'filter'> = {}) {
  const record = new DeclaredTopology(100, { recordFull: () => {}, now: () => 0, queueLeft: () => {} });
  const thrown: unknown[] = [];
  const choice = new EntitiesToMake({ topology, filter }, record, (error) => thrown.push(error));
  const declare = (...entities: (RecordedExchange | RecordedQueue)[]): void => {
    for (const entity of entities) record.apply({ type: 'declare', entity });
  };
  const bind = (...entities: RecordedBinding[]): void => {
    for (const entity of entities) record.apply({ type: 'bind', entity });
  };
  return { record, choice, thrown, declare, bind };
}

describe('an entity', () => {
  it('is made again unless the option says none', () => {
    expect(scene().choice.isMeant(queue('q'))).toBe(true);
    expect(scene({ topology: 'none' }).choice.isMeant(queue('q'))).toBe(false);
  });

  it("is made again with 'transient' where the broker may have lost it", () => {
    const { choice, declare } = scene({ topology: 'transient' });
    const lasting = queue('lasting', { durable: true });
    const there = exchange('there', { durable: true });
    const gone = exchange('gone', { durable: true, autoDelete: true });
    declare(lasting, there, gone);
    expect([lasting, there].map((entity) => choice.isMeant(entity))).toEqual([false, false]);
    for (const options of [{}, { durable: true, exclusive: true }, { durable: true, autoDelete: true }]) {
      expect(choice.isMeant(queue('q', options))).toBe(true);
    }
    expect(choice.isMeant(gone)).toBe(true);
    expect(choice.isMeant(binding('there', 'lasting'))).toBe(false);
    expect(choice.isMeant(binding('gone', 'lasting'))).toBe(true);
    expect(choice.isMeant(binding('there', 'gone', 'exchange'))).toBe(true);
  });

  it('is not made while it is being deleted, and never again when it has ended a connection', () => {
    const { record, choice } = scene();
    const leave = record.begin({ type: 'delete', kind: 'queue', name: 'q' });
    expect(choice.isMeant(queue('q'))).toBe(false);
    leave();
    const entity = queue('q');
    expect(choice.isMeant(entity)).toBe(true);
    choice.ban(entity);
    expect(choice.isMeant(entity)).toBe(false);
    expect(choice.isMeant(queue('q'))).toBe(true);
  });

  it('is made again unless the filter returns false; a filter that throws counts as true, and is reported', () => {
    const error = new Error('no');
    const { choice, thrown } = scene({
      filter: (entity) => {
        if (entity.kind === 'exchange') throw error;
        return entity.kind !== 'queue' || entity.queue !== 'unwanted';
      },
    });
    expect([queue('unwanted'), queue('q'), exchange('e')].map((entity) => choice.isMeant(entity))).toEqual([
      false,
      true,
      true,
    ]);
    expect(thrown).toEqual([error]);
  });
});

describe('a filter that is async', () => {
  it('says yes, which is reported with what its promise rejects with', async () => {
    const error = new Error('no');
    const filter: unknown = async () => {
      throw error;
    };
    const { choice, thrown } = scene({ filter: filter as RecoverOptions['filter'] });
    expect(choice.isMeant(queue('q'))).toBe(true);
    await Promise.resolve();
    expect(thrown).toEqual([expect.any(UsageError), error]);
    expect(String(thrown[0])).toContain('recover.filter returned a promise');
  });
});

describe('the way to a queue', () => {
  it('goes over all exchanges that lead to it, each once, also in a circle', () => {
    const { choice, declare, bind } = scene();
    declare(queue('q'), queue('other'), exchange('a'), exchange('b'), exchange('c'), exchange('unbound'));
    const ofExchanges = [binding('b', 'a', 'exchange'), binding('c', 'b', 'exchange'), binding('a', 'c', 'exchange')];
    bind(binding('a', 'q'), binding('unbound', 'other'), ...ofExchanges);
    const { exchanges, bindings } = choice.wayTo('q');
    expect(exchanges.map(({ options }) => options.exchange)).toEqual(['a', 'b', 'c']);
    expect(bindings).toEqual(ofExchanges);
  });

  it('has no exchange that is not recorded', () => {
    const { choice, declare, bind } = scene();
    declare(queue('q'));
    bind(binding('amq.direct', 'q'));
    expect(choice.wayTo('q')).toEqual({ exchanges: [], bindings: [] });
  });
});

describe('the exchanges of a binding', () => {
  it('are those at its ends and all that lead to them', () => {
    const { choice, declare, bind } = scene();
    declare(queue('q'), exchange('a'), exchange('b'), exchange('c'), exchange('beside'));
    const [ab, bc, bq] = [binding('a', 'b', 'exchange'), binding('b', 'c', 'exchange'), binding('b', 'q')];
    bind(ab, bc, bq, binding('beside', 'q'));
    const namesOf = (of: typeof ab): string[] => choice.wayOf(of).exchanges.map(({ options }) => options.exchange);
    expect(namesOf(bq)).toEqual(['b', 'a']);
    expect(namesOf(bc)).toEqual(['c', 'b', 'a']);
    expect(choice.wayOf(bq).bindings).toEqual([ab]);
    expect(choice.wayOf(bc).bindings).toEqual([bc, ab]);
  });
});
