import { NoConsumers, NoRoute, NotFound, PublishNacked } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { missingExchangeError, nackedError, returnedError } from '../../src/publishing/publish-errors.ts';
import { publishInput } from '../../src/publishing/publish-input.ts';

const input = publishInput({ exchange: 'orders', routingKey: 'eu.new', body: 'secret' });

describe('the error of a publish', () => {
  it('that was returned names exchange and routing key, and keeps the words of the broker', () => {
    const error = returnedError(312, 'NO_ROUTE', input);
    expect(error).toBeInstanceOf(NoRoute);
    expect(error.message).toBe(
      "NO_ROUTE - no queue for a publish to exchange 'orders' with routing key 'eu.new' (312, basic.publish)",
    );
    expect(error).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', scope: 'operation', outcome: 'refused' });
    expect(returnedError(313, 'NO_CONSUMERS', input)).toBeInstanceOf(NoConsumers);
    expect(returnedError(404, 'NOT_FOUND', input)).toBeInstanceOf(NotFound);
  });

  it('that was nacked names them too, and the default exchange in words', () => {
    expect(nackedError(input)).toBeInstanceOf(PublishNacked);
    expect(nackedError(input).message).toContain("exchange 'orders' with routing key 'eu.new'");
    expect(nackedError(publishInput({ routingKey: 'q' })).message).toContain(
      "the default exchange with routing key 'q'",
    );
  });

  it('holds neither the body nor what writes into a terminal', () => {
    const odd = publishInput({ routingKey: 'a\u001b[2J\nb', body: 'secret' });
    for (const error of [returnedError(312, '', odd), nackedError(odd)]) {
      expect(error.message).toContain("'a?[2J?b'");
      expect(JSON.stringify(error)).not.toContain('secret');
    }
  });

  it('to an exchange that was looked up is NotFound of basic.publish', () => {
    const error = missingExchangeError(new NotFound('x', { replyText: "NOT_FOUND - no exchange 'x'" }));
    expect(error).toMatchObject({ code: 'NOT_FOUND', method: 'basic.publish', scope: 'operation', outcome: 'refused' });
    expect(error.message).toContain("no exchange 'x'");
  });
});
