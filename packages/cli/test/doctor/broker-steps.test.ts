import type { ConnectionInfo } from '@puka/client';
import { describe, expect, it } from 'vitest';
import { lookAtVersion } from '../../src/doctor/broker-steps.ts';

const capabilities = {
  publisher_confirms: true,
  consumer_cancel_notify: true,
  'basic.nack': true,
  'connection.blocked': true,
};

function infoOf(serverProperties: ConnectionInfo['serverProperties']): ConnectionInfo {
  return {
    serverProperties: { capabilities, ...serverProperties },
    frameMax: 131_072,
    channelMax: 2047,
    heartbeat: 60,
  };
}

describe('the step about the version', () => {
  it('shows what the broker reports about itself', () => {
    const info = infoOf({ product: 'RabbitMQ', version: '3.13.7', platform: 'Erlang/OTP 26' });
    expect(lookAtVersion(info)).toMatchObject({ state: 'warning' });
    expect(lookAtVersion(info).text).toContain('RabbitMQ 3.13.7, Erlang/OTP 26');
  });

  it('ignores values that are not strings', () => {
    const table = Object.assign(Object.create(null), { major: 4 });
    const info = infoOf({ product: table, version: table, platform: table });
    expect(lookAtVersion(info)).toEqual({
      step: 'version',
      state: 'ok',
      text: 'unnamed broker of unknown version',
    });
  });
});
