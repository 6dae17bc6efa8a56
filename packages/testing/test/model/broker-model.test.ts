/** What the parts of the model do together: declares, bindings, dead letters, and what goes with what. */
import type { FieldTableInput } from '@puka/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { Arguments } from '../../src/model/arguments.ts';
import { bind } from '../../src/model/bind.ts';
import { BrokerModel } from '../../src/model/broker-model.ts';
import type { Caller } from '../../src/model/caller.ts';
import { declareExchange, deleteExchange } from '../../src/model/declare-exchange.ts';
import { declareQueue, deleteQueue } from '../../src/model/declare-queue.ts';
import type { VirtualHost } from '../../src/model/vhost.ts';
import { newMessage, textOf } from './message-factory.ts';
import { TestChannel } from './queues/queue-scene.ts';

let model: BrokerModel;
let vhost: VirtualHost;
const caller: Caller = { username: 'u', connection: { name: 'one' } };
const other: Caller = { username: 'u', connection: { name: 'two' } };

beforeEach(() => {
  model = new BrokerModel({ newId: () => new Uint8Array(16) });
  vhost = model.addVhost('/');
  model.addUser('u', 'u', ['/']);
});

function queue(name: string, more: { exclusive?: boolean; arguments?: FieldTableInput } = {}, by = caller): void {
  const { exclusive = false, arguments: args = {} } = more;
  declareQueue(model, vhost, by, {
    ...{ queue: name, durable: false, exclusive, autoDelete: false },
    arguments: Arguments.from(args),
  });
}

function exchange(name: string, autoDelete = false): void {
  declareExchange(model, vhost, caller, {
    ...{ exchange: name, exchangeType: 'fanout', durable: false, autoDelete, internal: false },
    arguments: Arguments.none,
  });
}

function bound(source: string, destination: string, destinationKind: 'queue' | 'exchange' = 'queue'): void {
  bind(model, vhost, caller, { source, destination, destinationKind, routingKey: '', arguments: Arguments.none });
}

function publish(name: string, body: string): void {
  const target = vhost.exchanges.get(name);
  if (target === undefined) throw new Error(`no exchange ${name}`);
  const message = newMessage(body, {}, { exchange: name });
  vhost.deliver(vhost.route(target, message), message);
  model.settle();
}

function waiting(name: string): string[] {
  return Array.from(vhost.queues.get(name)?.readyMessages ?? [], ({ message }) => textOf(message));
}

describe('declares', () => {
  it('find what is there where it is the same, else say in what it differs', () => {
    queue('q', { arguments: { 'x-max-length': 5 } });
    queue('q', { arguments: { 'x-max-length': 5, 'x-unknown': 'counts for nothing' } });
    expect(() => queue('q', { arguments: { 'x-max-length': 6 } })).toThrow(
      "inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received '6' but current is '5'",
    );
  });

  it('refuse the exclusive queue of another connection', () => {
    queue('q', { exclusive: true });
    expect(() => queue('q', { exclusive: true }, other)).toThrow('cannot obtain exclusive access to locked queue');
  });

  it('return a name where none is asked for', () => {
    queue('');
    expect([...vhost.queues.keys()]).toEqual(['amq.gen-AAAAAAAAAAAAAAAAAAAAAA']);
  });
});

describe('a task that fails', () => {
  it('keeps no other from being done', () => {
    const done: string[] = [];
    model.later(() => {
      throw new Error('bad');
    });
    model.later(() => done.push('next'));
    expect(() => model.settle()).toThrow('bad');
    model.settle();
    expect(done).toEqual(['next']);
  });
});

describe('what goes with what', () => {
  it('bindings with their queue, an auto-delete exchange with its last binding', () => {
    queue('q');
    exchange('x', true);
    bound('x', 'q');
    deleteQueue(model, vhost, caller, { queue: 'q', ifUnused: false, ifEmpty: false });
    expect(vhost.exchanges.has('x')).toBe(false);
  });

  it('exclusive queues with their connection', () => {
    queue('q', { exclusive: true });
    queue('p');
    model.connectionGone(caller.connection);
    expect([...vhost.queues.keys()]).toEqual(['p']);
  });

  it('consumers with their queue, told in the order of their tags', () => {
    queue('q');
    const channel = new TestChannel();
    for (const consumerTag of ['b', 'c', 'a']) {
      vhost.queues.get('q')?.consume({
        ...{ channel, consumerTag, noAck: true, exclusive: false, prefetchCount: 0, started: () => {} },
        arguments: Arguments.none,
      });
    }
    deleteQueue(model, vhost, caller, { queue: 'q', ifUnused: false, ifEmpty: false });
    model.settle();
    expect(channel.cancelled).toEqual(['a', 'b', 'c']);
  });

  it('nothing with an exchange that is in use, where it is asked to be unused', () => {
    queue('q');
    exchange('x');
    bound('x', 'q');
    expect(() => deleteExchange(model, vhost, caller, { exchange: 'x', ifUnused: true })).toThrow('in use');
  });
});

describe('messages', () => {
  it('go from exchange to exchange', () => {
    queue('q');
    exchange('x');
    exchange('y');
    bound('x', 'y', 'exchange');
    bound('y', 'q');
    publish('x', 'm');
    expect(waiting('q')).toEqual(['m']);
  });

  it('are lost as dead letters where the exchange for them is not there', () => {
    queue('q', { arguments: { 'x-max-length': 1, 'x-dead-letter-exchange': 'none' } });
    exchange('x');
    bound('x', 'q');
    publish('x', 'a');
    publish('x', 'b');
    expect(waiting('q')).toEqual(['b']);
  });

  it('reach the queue for dead letters', () => {
    queue('q', { arguments: { 'x-max-length': 1, 'x-dead-letter-exchange': 'dlx' } });
    queue('dead');
    exchange('x');
    exchange('dlx');
    bound('x', 'q');
    bound('dlx', 'dead');
    publish('x', 'a');
    publish('x', 'b');
    expect([waiting('q'), waiting('dead')]).toEqual([['b'], ['a']]);
  });

  it('that have waited too long are dropped when time comes to it', () => {
    queue('q', { arguments: { 'x-message-ttl': 100 } });
    exchange('x');
    bound('x', 'q');
    publish('x', 'a');
    const { nextDeadlineMs } = model;
    model.handleTimeout(100);
    expect([nextDeadlineMs, waiting('q')]).toEqual([100, []]);
  });
});
