/** A close of the connection by the broker names a method, no channel: who gets its class, and what the others get. */
import type { PukaError } from '@puka/errors';
import type { MethodInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { Harness } from './harness.ts';

const exchangeDeclare = { classId: 40, methodId: 10 };

/** Sends each method on a channel of its own, then has the broker close. @returns what each was answered. */
function outcomesOf(methods: readonly MethodInput[], named: { classId: number; methodId: number }): unknown[] {
  const harness = new Harness().open();
  const outcomes: (PukaError | undefined)[] = [];
  methods.forEach((method, index) => {
    const channel = harness.session.openChannel(harness.sink(`${index}`), () => {});
    harness.say([index + 1, { type: 'channel.open-ok' }]);
    channel?.request(method, (_reply, error) => {
      outcomes[index] = error;
    });
  });
  harness.say([0, { type: 'connection.close', replyCode: 503, replyText: 'COMMAND_INVALID - odd', ...named }]);
  return outcomes;
}

const declareQueue: MethodInput = { type: 'queue.declare', queue: 'q' };
const declareExchange: MethodInput = { type: 'exchange.declare', exchange: 'x' };

describe('a hard error of the broker', () => {
  it('passes its class to the one request with the method it names, and ConnectionBroken to the others', () => {
    const [queue, exchange, other] = outcomesOf([declareQueue, declareExchange, declareQueue], exchangeDeclare);
    expect(exchange).toMatchObject({ code: 'COMMAND_INVALID', scope: 'connection', method: 'exchange.declare' });
    for (const each of [queue, other]) {
      expect(each).toMatchObject({
        code: 'CONNECTION_BROKEN',
        method: 'queue.declare',
        outcome: 'unknown',
        cause: { code: 'COMMAND_INVALID' },
      });
    }
  });

  it('passes ConnectionBroken to all where several may have caused it', () => {
    for (const each of outcomesOf([declareExchange, declareExchange], exchangeDeclare)) {
      expect(each).toMatchObject({ code: 'CONNECTION_BROKEN', cause: { code: 'COMMAND_INVALID' } });
    }
  });

  it('passes ConnectionBroken to all where no method is named', () => {
    for (const each of outcomesOf([declareExchange, declareQueue], { classId: 0, methodId: 0 })) {
      expect(each).toMatchObject({ code: 'CONNECTION_BROKEN', cause: { code: 'COMMAND_INVALID' } });
    }
  });
});

describe('the end of the connection', () => {
  it('passes each request ConnectionBroken with its own method', () => {
    const harness = new Harness().open();
    const channel = harness.session.openChannel(harness.sink('c'), () => {});
    harness.say([1, { type: 'channel.open-ok' }]);
    const errors: (PukaError | undefined)[] = [];
    for (const method of [declareQueue, declareExchange]) {
      channel?.request(method, (_reply, error) => errors.push(error));
    }
    harness.session.receiveEof(0);
    expect(errors).toMatchObject([
      { code: 'CONNECTION_BROKEN', method: 'queue.declare', outcome: 'unknown' },
      { code: 'CONNECTION_BROKEN', method: 'exchange.declare', outcome: 'unknown' },
    ]);
  });
});
