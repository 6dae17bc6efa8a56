import { expect, it } from 'vitest';
import { checkExpiration, checkMessageSize } from '../../src/model/publish-checks.ts';
import { newMessage } from './message-factory.ts';

it.each([
  ['0', undefined],
  ['60000', undefined],
  ['+5', undefined],
  ['-1', "invalid expiration '-1': {value_negative,-1}"],
  ['soon', "invalid expiration 'soon': no_integer"],
  ['1x', 'invalid expiration \'1x\': {leftover_string,"x"}'],
  ['315360000001', "invalid expiration '315360000001': {value_too_large,315360000001}"],
])('judges the expiration %s', (expiration, fault) => {
  if (fault === undefined) expect(() => checkExpiration(expiration)).not.toThrow();
  else expect(() => checkExpiration(expiration)).toThrow(fault);
});

it('says of a size over the limit whether somebody has set it', () => {
  expect(() => checkMessageSize(11, 10)).toThrow('message size 11 is larger than configured max size 10');
  expect(() => checkMessageSize(10, 10)).not.toThrow();
});

it('reads the keys of CC and BCC, and takes the BCC away', () => {
  const message = newMessage('x', { headers: { CC: ['a'], BCC: ['b'] } }, { routingKey: 'k' });
  expect([message.routingKeys, message.headers.map(([name]) => name)]).toEqual([['k', 'a', 'b'], ['CC']]);
});

it('refuses a CC that is none before a delivery mode that is none', () => {
  expect(() => newMessage('x', { headers: { CC: 'a' }, deliveryMode: 3 })).toThrow('unacceptable_type_in_header');
  expect(() => newMessage('x', { deliveryMode: 3 })).toThrow('{delivery_mode_unknown,3}');
});
