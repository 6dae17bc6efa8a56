import type { LimitExceeded } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { DeclaredTopology } from '../../src/topology/declared-topology.ts';
import type { RecordedBinding, RecordedExchange, RecordedQueue } from '../../src/topology/recorded-entity.ts';

class Scene {
  nowMs = 0;
  readonly full: LimitExceeded[] = [];
  readonly left: string[] = [];
  readonly topology: DeclaredTopology;

  constructor(maxRecorded = 1000) {
    this.topology = new DeclaredTopology(maxRecorded, {
      recordFull: (error) => this.full.push(error),
      queueLeft: (queue) => this.left.push(queue),
      now: () => this.nowMs,
    });
  }

  queue(queue: string, options: RecordedQueue['options'] = { queue }): void {
    this.topology.apply({ type: 'declare', entity: { kind: 'queue', queue, options } });
  }

  exchange(exchange: string, options: Partial<RecordedExchange['options']> = {}): void {
    this.topology.apply({ type: 'declare', entity: { kind: 'exchange', options: { exchange, ...options } } });
  }

  bind(destination: string, source: string, more: Partial<RecordedBinding> = {}): RecordedBinding {
    const entity: RecordedBinding = {
      kind: 'binding',
      destinationKind: 'queue',
      destination,
      source,
      routingKey: '',
      arguments: undefined,
      ...more,
    };
    this.topology.apply({ type: 'bind', entity });
    return entity;
  }
}

describe('the record', () => {
  it('forgets a queue with its bindings, and an exchange with those both ways', () => {
    const scene = new Scene();
    scene.queue('q');
    for (const name of ['a', 'b']) scene.exchange(name);
    scene.bind('q', 'a');
    scene.bind('b', 'a', { destinationKind: 'exchange' });
    scene.bind('q', 'b');
    scene.topology.apply({ type: 'delete', kind: 'exchange', name: 'a' });
    expect(scene.topology.counts).toEqual({ exchanges: 1, queues: 1, bindings: 1 });
    scene.topology.apply({ type: 'delete', kind: 'queue', name: 'q' });
    expect(scene.topology.counts).toEqual({ exchanges: 1, queues: 0, bindings: 0 });
  });

  it('takes bindings for the same by ends, routing key and encoded arguments', () => {
    const scene = new Scene();
    scene.bind('q', 'a', { arguments: { x: 1 } });
    scene.bind('q', 'a', { arguments: new Map([['x', 1]]) });
    expect(scene.topology.size).toBe(1);
    const other = scene.bind('q', 'a', { arguments: { x: 2 } });
    expect(scene.topology.size).toBe(2);
    scene.topology.apply({ type: 'unbind', entity: other });
    expect(scene.topology.size).toBe(1);
  });

  it('forgets auto-delete exchanges with their last binding, up the chain', () => {
    const scene = new Scene();
    for (const name of ['a', 'b', 'c']) scene.exchange(name, { autoDelete: true });
    scene.bind('b', 'a', { destinationKind: 'exchange' });
    scene.bind('c', 'b', { destinationKind: 'exchange' });
    const last = scene.bind('q', 'c');
    scene.topology.apply({ type: 'unbind', entity: last });
    expect(scene.topology.size).toBe(0);
  });

  it('keeps an auto-delete exchange that was declared again while its last queue left', () => {
    const scene = new Scene();
    const leave = (): void => {
      const change = { type: 'delete', kind: 'queue', name: 'q' } as const;
      const ended = scene.topology.begin(change);
      // The entities are made again without what is leaving.
      expect([...scene.topology.exchangesToMake(), ...scene.topology.bindingsToMake('queue')]).toEqual([]);
      if (isDeclaredAgain) scene.exchange('x', { autoDelete: true });
      scene.topology.apply(change);
      ended();
    };
    let isDeclaredAgain = false;
    for (const wanted of [[], ['x']]) {
      scene.exchange('x', { autoDelete: true });
      scene.queue('q', { queue: 'q' });
      scene.bind('q', 'x');
      leave();
      expect([...scene.topology.exchangesToMake()].map(({ options }) => options.exchange)).toEqual(wanted);
      isDeclaredAgain = true;
    }
  });

  it('forgets an auto-delete queue with the last consumer, and not before one came', () => {
    const scene = new Scene();
    scene.queue('q', { queue: 'q', autoDelete: true });
    scene.topology.consumerRemoved('q');
    expect(scene.topology.counts.queues).toBe(1);
    scene.topology.consumerAdded('q');
    scene.topology.consumerAdded('q');
    scene.topology.consumerRemoved('q');
    expect(scene.topology.counts.queues).toBe(1);
    scene.topology.consumerRemoved('q');
    expect(scene.topology.counts.queues).toBe(0);
  });

  it('counts the consumers that a queue had before its declare', () => {
    const scene = new Scene();
    for (const queue of ['auto', 'lease', 'gone']) scene.topology.consumerAdded(queue);
    scene.topology.consumerAdded('auto');
    scene.topology.consumerRemoved('gone');
    scene.queue('auto', { queue: 'auto', autoDelete: true });
    for (const queue of ['lease', 'gone']) scene.queue(queue, { queue, arguments: { 'x-expires': 1000 } });
    scene.nowMs = 5000;
    scene.topology.tidy();
    expect([...scene.topology.queuesToMake()].map(({ queue }) => queue)).toEqual(['auto', 'lease']);
    for (const queue of ['auto', 'auto', 'lease']) scene.topology.consumerRemoved(queue);
    expect([...scene.topology.queuesToMake()].map(({ queue }) => queue)).toEqual(['lease']);
    scene.nowMs = 6000;
    scene.topology.tidy();
    expect(scene.topology.counts.queues).toBe(0);
  });

  it('forgets what has expired without use when it is tidied', () => {
    const scene = new Scene();
    scene.queue('q', { queue: 'q', arguments: { 'x-expires': 1000 } });
    scene.nowMs = 999;
    scene.topology.tidy();
    expect(scene.topology.counts.queues).toBe(1);
    scene.topology.queueUsed('q');
    scene.nowMs = 1998;
    scene.topology.tidy();
    expect(scene.topology.counts.queues).toBe(1);
    scene.nowMs = 1999;
    scene.topology.tidy();
    expect(scene.topology.counts.queues).toBe(0);
  });

  it('stays flat over many short lives', () => {
    const scene = new Scene(100_000);
    for (let life = 0; life < 200_000; life++) {
      scene.queue(`q${life}`, { queue: `q${life}`, arguments: { 'x-expires': 10 } });
      scene.nowMs += 1;
    }
    expect(scene.topology.size).toBeLessThan(2000);
    expect(scene.full).toHaveLength(0);
  });

  it('reports once that it is full, and keeps what it has', () => {
    const scene = new Scene(2);
    for (const name of ['a', 'b', 'c', 'd']) scene.queue(name);
    scene.queue('a');
    expect(scene.topology.size).toBe(2);
    expect(scene.full).toHaveLength(1);
    expect(scene.full[0]?.message).toContain('recover.maxRecorded');
  });

  it('leaves out what is being deleted, and what leads to it, until that has its outcome', () => {
    const scene = new Scene();
    scene.queue('q');
    scene.exchange('e');
    scene.bind('q', 'e');
    const end = scene.topology.begin({ type: 'delete', kind: 'queue', name: 'q' });
    expect([...scene.topology.queuesToMake()]).toEqual([]);
    expect([...scene.topology.bindingsToMake('queue')]).toEqual([]);
    expect([...scene.topology.exchangesToMake()]).toHaveLength(1);
    end();
    expect([...scene.topology.queuesToMake()]).toHaveLength(1);
    expect([...scene.topology.bindingsToMake('queue')]).toHaveLength(1);
    expect(scene.left).toEqual(['q']);
  });

  it('has no binding whose ok comes after that of the delete of one of its ends, unless that was declared again', () => {
    for (const kind of ['exchange', 'queue'] as const) {
      for (const isBack of [false, true]) {
        const scene = new Scene();
        scene.queue('q');
        scene.exchange('e');
        const entity: RecordedBinding = {
          ...{ kind: 'binding', destinationKind: 'queue', destination: 'q', source: 'e' },
          ...{ routingKey: '', arguments: undefined },
        };
        const end = scene.topology.begin({ type: 'bind', entity });
        scene.topology.apply({ type: 'delete', kind, name: kind === 'queue' ? 'q' : 'e' });
        if (isBack && kind === 'queue') scene.queue('q');
        if (isBack && kind === 'exchange') scene.exchange('e');
        scene.topology.apply({ type: 'bind', entity });
        end();
        expect(scene.topology.counts.bindings).toBe(isBack ? 1 : 0);
        // Neither exchange nor queue has to be known: they may be another client's.
        expect(scene.bind('other', 'another').source).toBe('another');
        expect(scene.topology.counts.bindings).toBe(isBack ? 2 : 1);
      }
    }
  });
});

describe('a rename', () => {
  it('takes bindings along, and translates the first name and the last fifteen', () => {
    const scene = new Scene();
    scene.queue('gen-0', { queue: '' });
    scene.bind('gen-0', 'e');
    for (let round = 0; round < 20; round++) scene.topology.rename(`gen-${round}`, `gen-${round + 1}`);
    expect(scene.topology.bindingsOf('queue', 'gen-20')).toHaveLength(1);
    expect(scene.topology.nameOf('gen-19')).toBe('gen-20');
    expect(scene.topology.nameOf('gen-5')).toBe('gen-20');
    expect(scene.topology.nameOf('gen-4')).toBe('gen-4');
    expect(scene.topology.nameOf('gen-0')).toBe('gen-20');
    expect(scene.topology.translate({ type: 'queue.purge', queue: 'gen-10' })).toMatchObject({ queue: 'gen-20' });
    expect(scene.topology.translate({ type: 'queue.purge', queue: 'other' })).toMatchObject({ queue: 'other' });
  });

  it('is followed by what a request does to the record', () => {
    const scene = new Scene();
    const { topology } = scene;
    const table = {
      kind: 'binding',
      destinationKind: 'queue',
      source: 'e',
      routingKey: '',
      arguments: undefined,
    } as const;
    const entity: RecordedBinding = { ...table, destination: 'old' };
    const changes = [
      { type: 'bind', entity },
      { type: 'unbind', entity },
      { type: 'delete', kind: 'queue', name: 'old' },
      { type: 'delete', kind: 'exchange', name: 'old' },
    ] as const;
    for (const change of changes) expect(topology.translateChange(change)).toBe(change);
    scene.queue('old', { queue: '' });
    topology.rename('old', 'new');
    expect(changes.map((change) => topology.translateChange(change))).toEqual([
      { type: 'bind', entity: { ...table, destination: 'new' } },
      { type: 'unbind', entity: { ...table, destination: 'new' } },
      { type: 'delete', kind: 'queue', name: 'new' },
      { type: 'delete', kind: 'exchange', name: 'old' },
    ]);
    const exchanges = { ...entity, destinationKind: 'exchange' } as const;
    expect(topology.translateChange({ type: 'bind', entity: exchanges })).toEqual({ type: 'bind', entity: exchanges });
  });

  it('does not bring back a binding whose unbind was asked for by the old name', () => {
    const scene = new Scene();
    scene.queue('old', { queue: '' });
    const entity = scene.bind('old', 'e');
    const end = scene.topology.begin({ type: 'unbind', entity });
    scene.topology.rename('old', 'new');
    expect([...scene.topology.bindingsToMake('queue')]).toEqual([]);
    end();
    expect([...scene.topology.bindingsToMake('queue')]).toMatchObject([{ destination: 'new' }]);
  });

  it('is kept for each of many queues', () => {
    const scene = new Scene();
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    for (const number of numbers) scene.queue(`old-${number}`, { queue: '' });
    for (const number of numbers) scene.topology.rename(`old-${number}`, `new-${number}`);
    expect(numbers.map((number) => scene.topology.nameOf(`old-${number}`))).toEqual(
      numbers.map((number) => `new-${number}`),
    );
  });

  it('is forgotten with its queue', () => {
    const scene = new Scene();
    scene.queue('old', { queue: '' });
    scene.topology.rename('old', 'new');
    scene.topology.forget('queue', 'new');
    expect(scene.topology.nameOf('old')).toBe('old');
    expect(scene.topology.hasRenames).toBe(false);
  });
});
