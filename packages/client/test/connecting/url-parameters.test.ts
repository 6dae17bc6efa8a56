import { UsageError } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { readUrlParameters } from '../../src/connecting/url-parameters.ts';

describe('the parameters of a URL', () => {
  it.each([
    ['', {}],
    ['heartbeat=0', { heartbeat: 0 }],
    ['heartbeat=10&connection_timeout=2500', { heartbeat: 10, connectTimeout: 2500 }],
    ['channel_max=100', { channelMax: 100 }],
    ['channel_max=0', { channelMax: 65_535 }],
    ['frame_max=8192', { frameMax: 8192 }],
    ['frame_max=0', { frameMax: 0x7fff_ffff }],
    ['auth_mechanism=external&auth_mechanism=PLAIN', { mechanisms: ['EXTERNAL', 'PLAIN'] }],
    ['auth_mechanism=amqplain', { mechanisms: ['AMQPLAIN'] }],
  ])('%s are read', (query, parameters) => {
    expect(readUrlParameters(query, false)).toEqual(parameters);
    expect(readUrlParameters(query, true)).toEqual(parameters);
  });

  it('about TLS are read with percent-encoding', () => {
    const query =
      'cacertfile=%2Fetc%2Fca.pem&certfile=c.pem&keyfile=k%20y.pem&password=a%26b&verify=verify_peer' +
      '&server_name_indication=rabbit.example&fail_if_no_peer_cert=true&customize_hostname_check=https';
    const { tls } = readUrlParameters(query, true);
    expect(tls).toMatchObject({
      files: { ca: '/etc/ca.pem', cert: 'c.pem', key: 'k y.pem' },
      rejectUnauthorized: true,
      serverName: 'rabbit.example',
    });
    expect(tls?.revealPassphrase()).toBe('a&b');
  });

  it('turn verification off only in these words', () => {
    expect(readUrlParameters('verify=verify_none', true).tls?.rejectUnauthorized).toBe(false);
    expect(readUrlParameters('cacertfile=x', true).tls?.rejectUnauthorized).toBeUndefined();
    expect(() => readUrlParameters('verify=none', true)).toThrow('verify_peer or verify_none');
  });

  it.each([
    ['colour=blue', /colour.*unknown.*heartbeat/],
    ['Heartbeat=1', /Heartbeat.*unknown/],
    ['depth=3', /depth.*no meaning/],
    ['heartbeat=1&heartbeat=2', /heartbeat.*twice/],
    ['heartbeat', /heartbeat.*no value/],
    ['heartbeat=', /heartbeat.*0 to 65535/],
    ['heartbeat=65536', /heartbeat.*0 to 65535/],
    ['heartbeat=-1', /heartbeat/],
    ['heartbeat=1.5', /heartbeat/],
    ['heartbeat=1e1', /heartbeat/],
    ['connection_timeout=0', /connection_timeout.*1 to/],
    ['channel_max=3', /channel_max.*4 to 65535/],
    ['frame_max=4096', /frame_max.*8192.*RabbitMQ 4\.1/],
    ['auth_mechanism=crdemo', /auth_mechanism.*mechanisms/],
    ['cacertfile=x', /cacertfile.*amqps/],
    ['&', /without a proper name/],
    ['x%20y=1', /without a proper name/],
    ['heartbeat=%zz', /heartbeat.*percent-encoded/],
  ])('%s are refused', (query, words) => {
    expect(() => readUrlParameters(query, false)).toThrow(UsageError);
    expect(() => readUrlParameters(query, false)).toThrow(words);
  });

  it.each([
    ['server_name_indication=disable', /verify_none/],
    ['server_name_indication=', /empty/],
    ['cacertfile=', /empty/],
    ['fail_if_no_peer_cert=1', /true or false/],
    ['customize_hostname_check=mine', /https/],
  ])('%s are refused with TLS too', (query, words) => {
    expect(() => readUrlParameters(query, true)).toThrow(words);
  });
});
