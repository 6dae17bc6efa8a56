import { beforeEach, expect, it } from 'vitest';
import { BrokerModel } from '../src/model/broker-model.ts';
import type { Message } from '../src/model/message.ts';
import type { VirtualHost } from '../src/model/vhost.ts';
import { putMessage } from '../src/put-message.ts';

let broker: BrokerModel;
let vhost: VirtualHost;
let lost: string[];

beforeEach(() => {
  lost = [];
  const watch = { queued: () => {}, unrouted: ({ routingKey }: Message) => lost.push(routingKey) };
  broker = new BrokerModel({ newId: () => new Uint8Array(16), watch });
  vhost = broker.addVhost('/');
});

it('reports that no queue took it', () => {
  expect(putMessage(broker, vhost, { routingKey: 'none' })).toBe(0);
  expect(lost).toEqual(['none']);
});

it('refuses what RabbitMQ refuses', () => {
  expect(() => putMessage(broker, vhost, { exchange: 'none' })).toThrow("no exchange 'none' in vhost '/'");
  expect(() => putMessage(broker, vhost, { expiration: '-1' })).toThrow("invalid expiration '-1': {value_negative,-1}");
  expect(() => putMessage(broker, vhost, { deliveryMode: 3 })).toThrow('delivery_mode_unknown');
});
