import { decodeTable, encodeTable, type FieldTable, type FieldTableInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { sharedProperties } from '../../src/session/server-properties.ts';

/** As it comes from a broker. */
function received(properties: FieldTableInput): FieldTable {
  return decodeTable(encodeTable(properties));
}

const rabbitmq = {
  product: 'RabbitMQ',
  version: '3.10.8',
  capabilities: { 'basic.nack': true, publisher_confirms: true },
};

describe('sharedProperties', () => {
  it('returns one table for connections on which the same came', () => {
    const first = sharedProperties(received(rabbitmq));
    expect(sharedProperties(received(rabbitmq))).toBe(first);
    expect(first).toEqual(received(rabbitmq));
  });

  it.each([
    ['another value', { ...rabbitmq, version: '4.0.0' }],
    ['another value in a table', { ...rabbitmq, capabilities: { 'basic.nack': false, publisher_confirms: true } }],
    ['one more field', { ...rabbitmq, cluster_name: 'one' }],
    ['a field of another name', { product: 'RabbitMQ', release: '3.10.8', capabilities: rabbitmq.capabilities }],
    ['a value in place of a table', { ...rabbitmq, capabilities: 'none' }],
    ['bytes, which are compared with nothing', { ...rabbitmq, key: new Uint8Array([0xff]) }],
  ])('returns what came where it has %s', (_, other) => {
    sharedProperties(received(rabbitmq));
    const properties = received(other);
    expect(sharedProperties(properties)).toBe(properties);
    expect(sharedProperties(received(rabbitmq))).toEqual(received(rabbitmq));
  });

  it('lets nobody change what others see', () => {
    const shared = sharedProperties(received(rabbitmq));
    expect([shared, shared.capabilities].every((table) => Object.isFrozen(table))).toBe(true);
  });
});
