/** Whether publishes are confirmed by the broker or by what comes back: by `pubacks` and the broker. */
import { AmqpNotImplemented, LimitExceeded } from '@puka/errors';
import { ByteWriter, encodeMethod, writeContentHeader } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { ScriptedBroker } from '../scripted-broker.ts';
import { joined } from '../session/harness.ts';

const frameMaxBytes = 131_072;

function brokerThat(hasConfirms: boolean): ScriptedBroker {
  const broker = new ScriptedBroker();
  broker.serverProperties = hasConfirms ? { capabilities: { publisher_confirms: true } } : {};
  if (!hasConfirms) broker.answers.set('basic.publish', () => []);
  return broker;
}

/** Returns the message as one without a route. */
function giveBack(broker: ScriptedBroker, channel: number, routingKey: string): void {
  const writer = new ByteWriter();
  const method = { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey } as const;
  encodeMethod(writer, channel, method);
  writeContentHeader(writer, channel, 0, {}, frameMaxBytes);
  broker.say(joined(writer.take()));
}

describe('publishes', () => {
  it.each([
    [undefined, true, true],
    [true, true, true],
    [false, true, false],
    [undefined, false, false],
    [false, false, false],
  ])(
    'with pubacks %s, on a broker whose confirms are %s, are confirmed by it: %s',
    async (pubacks, hasConfirms, expected) => {
      const broker = brokerThat(hasConfirms);
      if (!expected) broker.answers.set('basic.publish', () => []);
      const client = await broker.connected({ pubacks });
      const publish = client.basicPublish({ routingKey: 'k' });
      await broker.pump();
      const sent = broker.sent();
      expect(sent.includes('1 confirm.select')).toBe(expected);
      expect(sent.filter((name) => name === '1 basic.publish')).toHaveLength(expected ? 1 : 2);
      if (expected) {
        await publish;
        return;
      }
      expect(publish.state).toBe('pending');
      const { channel, method } = broker.last('basic.publish');
      expect(method.mandatory).toBe(true);
      giveBack(broker, channel, method.routingKey);
      await broker.pump();
      await publish;
    },
  );

  it('that cannot be confirmed where pubacks insists make connect() fail, and the next one is a fresh attempt', async () => {
    const broker = brokerThat(false);
    const client = broker.client({ pubacks: true });
    const refused = expect(client.connect()).rejects.toBeInstanceOf(AmqpNotImplemented);
    await broker.pump();
    await refused;
    broker.serverProperties = { capabilities: { publisher_confirms: true } };
    const again = client.connect();
    await broker.pump();
    expect((await again).channelMax).toBe(2047);
  });
});

it('a broker with fewer than four channels is refused, and the connection closed', async () => {
  const broker = brokerThat(true);
  broker.tune.channelMax = 3;
  const client = broker.client();
  const refused = expect(client.connect()).rejects.toBeInstanceOf(LimitExceeded);
  await broker.pump();
  await refused;
  expect(broker.sent().at(-1)).toBe('0 connection.close');
});
