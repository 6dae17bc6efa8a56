import { expect, it } from 'vitest';
import { detectProtocolHeader, protocolHeader } from '../src/protocol-header.ts';
import { fromHex, toHex } from './hex.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

it('is AMQP 0 0 9 1', () => {
  expect(toHex(protocolHeader)).toBe('414d515000000901');
});

it.each([
  ['nothing yet', '', { type: 'incomplete' }],
  ['a method frame', '01', { type: 'frames' }],
  [
    'RabbitMQ for garbage',
    '414d515003010000',
    { type: 'amqp', protocolId: 3, major: 1, minor: 0, revision: 0, text: 'AMQP 3 1 0 0' },
  ],
  [
    'another version',
    '414d515000000901',
    { type: 'amqp', protocolId: 0, major: 0, minor: 9, revision: 1, text: 'AMQP 0 0 9 1' },
  ],
  ['a TLS alert', '1503030002', { type: 'tls' }],
  ['SSH', '5353482d322e30', { type: 'ssh' }],
  ['HTTP', toHex(ascii('HTTP/1.1 400')), { type: 'http' }],
  ['a TLS record that is no alert', '160301', { type: 'unknown', text: 'octets 16 03 01' }],
  ['almost AMQP', '414d5351', { type: 'unknown', text: 'octets 41 4d 53 51' }],
  ['almost HTTP', toHex(ascii('HTTPS')), { type: 'unknown', text: 'octets 48 54 54 50 53' }],
])('recognises %s', (_, hex, expected) => {
  expect(detectProtocolHeader(fromHex(hex))).toMatchObject(expected);
});

it.each([
  ['AMQP', '414d515003010000'],
  ['HTTP', toHex(ascii('HTTP/'))],
  ['SSH', toHex(ascii('SSH-'))],
  ['TLS', '1503'],
])('waits while the start of %s is not all there', (_, hex) => {
  const bytes = fromHex(hex);
  for (let size = 0; size < bytes.length; size++) {
    expect(detectProtocolHeader(bytes.subarray(0, size))).toEqual({ type: 'incomplete' });
  }
  expect(detectProtocolHeader(bytes).type).not.toBe('incomplete');
});
