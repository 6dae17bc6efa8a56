/**
 * What users may do, and what waits too long: one on RabbitMQ and on the embedded broker, each a broker of this file alone,
 * for users are added and times shortened.
 */
import { type Broker, launchBroker } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import type { BasicPublishFields, MethodInput } from '@puka/wire';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type OpenOptions, RawPeer } from '../raw-peer.ts';

const consumerTimeoutMs = 600;
let broker: Broker;
const peers: RawPeer[] = [];

beforeAll(async () => {
  broker = await launchBroker({
    config: { consumer_timeout: consumerTimeoutMs },
    // RabbitMQ looks once a minute.
    env: { RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-rabbit channel_tick_interval 100' },
  });
  await broker.addUser('clerk', 'clerk');
  await broker.setPermissions('clerk', {
    configure: '^own',
    write: '^(own|amq.topic|amq.default)',
    read: '^(own|read)',
  });
  const permission = { user: 'clerk', vhost: '/', exchange: 'amq.topic', write: '^ok', read: '^ok' };
  await broker.define({ topic_permissions: [permission] });
  const peer = await open();
  for (const queue of ['own', 'read', 'none']) await peer.call(1, { type: 'queue.declare', queue, durable: true });
});

afterAll(() => broker.stop());

afterEach(() => {
  for (const peer of peers.splice(0)) peer.drop();
});

async function open(options: OpenOptions = {}): Promise<RawPeer> {
  const peer = await RawPeer.open(nodeConnector, broker.port, options);
  peers.push(peer);
  await peer.channel(1);
  return peer;
}

/** The close of the channel or the connection. */
async function closed(peer: RawPeer): Promise<string> {
  for (;;) {
    const { method } = await peer.nextOn(1);
    if (method.type !== 'channel.close' && method.type !== 'connection.close') continue;
    return `${method.type.split('.')[0]} ${method.replyCode} ${method.classId},${method.methodId} ${method.replyText}`;
  }
}

type Step = MethodInput | BasicPublishFields;
const resource = (text: string): string => `ACCESS_REFUSED - access to ${text} in vhost '/' refused for user 'clerk'`;
const queue = (name: string): string => resource(`queue '${name}'`);
const exchange = (name: string): string => resource(`exchange '${name}'`);
const topic = (key: string): string =>
  `ACCESS_REFUSED - access to topic '${key}' in exchange 'amq.topic' in vhost '/' refused for user 'clerk'`;

describe('a user who may not do everything is refused', () => {
  it.each<readonly [name: string, step: Step, close: string]>([
    ['a declare', { type: 'queue.declare', queue: 'read' }, `50,10 ${queue('read')}`],
    ['a delete', { type: 'queue.delete', queue: 'read' }, `50,40 ${queue('read')}`],
    ['a purge', { type: 'queue.purge', queue: 'none' }, `50,30 ${queue('none')}`],
    ['a get', { type: 'basic.get', queue: 'none' }, `60,70 ${queue('none')}`],
    ['a consume', { type: 'basic.consume', queue: 'none' }, `60,20 ${queue('none')}`],
    [
      'a bind, of the queue first',
      { type: 'queue.bind', queue: 'read', exchange: 'amq.direct' },
      `50,20 ${queue('read')}`,
    ],
    [
      'a bind, of the exchange then',
      { type: 'queue.bind', queue: 'own', exchange: 'amq.direct' },
      `50,20 ${exchange('amq.direct')}`,
    ],
    [
      'an exchange',
      { type: 'exchange.declare', exchange: 'other', exchangeType: 'fanout' },
      `40,10 ${exchange('other')}`,
    ],
    ['the end of an exchange', { type: 'exchange.delete', exchange: 'other' }, `40,20 ${exchange('other')}`],
    [
      'a dead letter exchange that may not be written to',
      { type: 'queue.declare', queue: 'own2', arguments: { 'x-dead-letter-exchange': 'other' } },
      `50,10 ${exchange('other')}`,
    ],
    [
      'an alternate exchange that may not be written to',
      {
        ...{ type: 'exchange.declare', exchange: 'own3', exchangeType: 'fanout' },
        arguments: { 'alternate-exchange': 'other' },
      },
      `40,10 ${exchange('other')}`,
    ],
    ['a publish', { exchange: 'amq.direct', routingKey: 'x' }, `60,40 ${exchange('amq.direct')}`],
    ['a publish by its routing key', { exchange: 'amq.topic', routingKey: 'no' }, `60,40 ${topic('no')}`],
  ])('%s', async (_name, step, close) => {
    const peer = await open({ username: 'clerk', password: 'clerk' });
    if ('type' in step) peer.send(1, step);
    else peer.publish(1, step, 'x');
    expect(await closed(peer)).toBe(`channel 403 ${close}`);
  });

  it('the default exchange by its name in permissions', async () => {
    await broker.addUser('mute', 'mute');
    await broker.setPermissions('mute', { write: '^$' });
    const peer = await open({ username: 'mute', password: 'mute' });
    peer.publish(1, { exchange: '', routingKey: 'own' }, 'x');
    expect(await closed(peer)).toBe(
      "channel 403 60,40 ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'mute'",
    );
  });

  it('a vhost', async () => {
    await broker.addVhost('closed');
    const peer = await RawPeer.connect(nodeConnector, broker.port);
    peers.push(peer);
    await expect(
      RawPeer.open(nodeConnector, broker.port, { username: 'clerk', password: 'clerk', vhost: 'closed' }),
    ).rejects.toThrow("NOT_ALLOWED - access to vhost 'closed' refused for user 'clerk'");
  });
});

it('takes a new secret', async () => {
  const peer = await open();
  peer.send(0, { type: 'connection.update-secret', newSecret: 'another', reason: 'test' });
  await peer.next('connection.update-secret-ok');
  const { method } = await peer.call(1, { type: 'queue.declare', queue: 'own', passive: true });
  expect(method.type).toBe('queue.declare-ok');
});

it('closes a channel on which a delivery waits too long for its ack', async () => {
  const peer = await open();
  await peer.call(1, { type: 'basic.consume', queue: 'own', consumerTag: 'c' });
  peer.publish(1, { exchange: '', routingKey: 'own' }, 'late');
  expect(await closed(peer)).toBe(
    `channel 406 0,0 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: ${consumerTimeoutMs} ms. This timeout value can be configured, see consumers doc guide to learn more`,
  );
  const other = await open();
  const { method } = await other.call(1, { type: 'basic.get', queue: 'own', noAck: true });
  expect(method).toMatchObject({ type: 'basic.get-ok', redelivered: true });
});
