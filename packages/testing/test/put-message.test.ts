import { beforeEach, expect, it } from 'vitest';
import { BrokerModel } from '../src/model/broker-model.ts';
import type { VirtualHost } from '../src/model/vhost.ts';
import { putMessage } from '../src/put-message.ts';

let vhost: VirtualHost;

beforeEach(() => {
  vhost = new BrokerModel({ newId: () => new Uint8Array(16) }).addVhost('/');
});

it('tells that no queue took it', () => {
  expect(putMessage(vhost, { routingKey: 'none' })).toBe(0);
});

it('refuses what RabbitMQ refuses', () => {
  expect(() => putMessage(vhost, { exchange: 'none' })).toThrow("no exchange 'none' in vhost '/'");
  expect(() => putMessage(vhost, { expiration: '-1' })).toThrow("invalid expiration '-1': {value_negative,-1}");
  expect(() => putMessage(vhost, { deliveryMode: 3 })).toThrow('delivery_mode_unknown');
});
