import { InternalError } from '@puka/errors';
import { encodeProperties, type FieldTableInput, float32, float64, PropertiesReader, table } from '@puka/wire';
import { expect, it } from 'vitest';
import { checkExpiration, checkMessageSize, checkProperties } from '../../src/model/publish-checks.ts';
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

it('reports of a size over the limit whether somebody has set it', () => {
  expect(() => checkMessageSize(11, 10)).toThrow('message size 11 is larger than configured max size 10');
  expect(() => checkMessageSize(10, 10)).not.toThrow();
});

/** Headers with another number in place of 1.5: the encoder takes none that is not finite. */
function withNumber(headers: FieldTableInput, octets: string): PropertiesReader {
  const bytes = Buffer.from(encodeProperties({ headers }));
  const number = Buffer.from(octets, 'hex');
  const at = bytes.indexOf(Buffer.from(number.length === 8 ? '3ff8000000000000' : '3fc00000', 'hex'));
  bytes.set(number, at);
  return new PropertiesReader(bytes);
}

it.each<[string, FieldTableInput, string]>([
  ['NaN', { x: 1.5 }, '7ff8000000000000'],
  ['an infinity', { x: 1.5 }, '7ff0000000000000'],
  ['a negative one', { x: 1.5 }, 'fff0000000000000'],
  ['NaN of 32 bits', { x: float32(1.5) }, '7fc00000'],
  ['an infinity of 32 bits', { x: float32(1.5) }, '7f800000'],
  ['one in an array in a table', { x: { y: [0, 1.5] } }, '7ff8000000000000'],
  [
    'one under a name that repeats',
    table([...'xx'].map((name, at) => ({ name, value: float64(1.5 + at) }))),
    '7ff8000000000000',
  ],
  [
    'one under a name that is no UTF-8',
    table([{ name: Uint8Array.of(0xff), value: float64(1.5) }]),
    '7ff8000000000000',
  ],
])('refuses %s in headers, which RabbitMQ cannot decode', (_, headers, octets) => {
  expect(() => checkProperties(withNumber(headers, octets))).toThrow(InternalError);
  expect(() =>
    checkProperties(withNumber(headers, octets.length === 16 ? '4000000000000000' : '40000000')),
  ).not.toThrow();
});

it('reads the keys of CC and BCC, and takes the BCC away', () => {
  const message = newMessage('x', { headers: { CC: ['a'], BCC: ['b'] } }, { routingKey: 'k' });
  expect([message.routingKeys, message.headers.map(([name]) => name)]).toEqual([['k', 'a', 'b'], ['CC']]);
});

it('refuses a CC that is none before a delivery mode that is none', () => {
  expect(() => newMessage('x', { headers: { CC: 'a' }, deliveryMode: 3 })).toThrow('unacceptable_type_in_header');
  expect(() => newMessage('x', { deliveryMode: 3 })).toThrow('{delivery_mode_unknown,3}');
});
