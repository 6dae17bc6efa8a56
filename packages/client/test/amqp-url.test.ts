import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { parseAmqpUrl } from '../src/amqp-url.ts';

const plain = { tls: false, host: 'localhost', port: 5672, username: 'guest', password: 'guest', vhost: '/' };

describe('parseAmqpUrl', () => {
  it.each([
    ['amqp:///', plain],
    ['amqp://', plain],
    ['amqp://host', { ...plain, host: 'host' }],
    ['amqps://host', { ...plain, tls: true, host: 'host', port: 5671 }],
    ['amqp://host/%2f', { ...plain, host: 'host' }],
    ['amqp://host/a%2Fb', { ...plain, host: 'host', vhost: 'a/b' }],
    ['amqp://u%40x:p%3Aq@[::1]:1/v', { ...plain, host: '::1', port: 1, username: 'u@x', password: 'p:q', vhost: 'v' }],
  ])('reads %s', (url, address) => {
    expect(parseAmqpUrl(url)).toEqual(address);
  });

  it.each(['http://host', 'host', 'amqp://host:0', 'amqp://host:70000', 'amqp://h/a/b', 'amqp://%zz@h'])(
    'refuses %s without a word of its secrets',
    (url) => {
      expect(() => parseAmqpUrl(url)).toThrow(UsageError);
    },
  );
});
