import { type AmqpError, replyError } from '@puka/errors';
import { encodeProperties } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import { suspicionOf } from '../../src/publishing/blame.ts';
import type { PublishInput } from '../../src/session/index.ts';

interface Given extends Partial<Omit<PublishInput, 'properties' | 'body'>> {
  readonly properties?: Parameters<typeof encodeProperties>[0];
  readonly bodyBytes?: number;
}

function publish({ properties = {}, bodyBytes = 0, ...given }: Given): PublishInput {
  return {
    exchange: '',
    routingKey: 'key',
    mandatory: false,
    ...given,
    properties: encodeProperties(properties),
    body: new Uint8Array(bodyBytes),
  };
}

const refusal = (replyCode: number, replyText: string): AmqpError => replyError(replyCode, replyText);

/** Texts as RabbitMQ 3.10.8 sent them. @returns which it suspects, by their place. */
function suspects(replyCode: number, replyText: string, given: readonly Given[]): number[] {
  const suspicion = suspicionOf(refusal(replyCode, replyText));
  return given.flatMap((each, index) => (suspicion?.fits(publish(each)) === true ? [index] : []));
}

describe('suspects', () => {
  it('those to the exchange that is not there', () => {
    const text = "NOT_FOUND - no exchange 'orders' in vhost '/'";
    expect(suspects(404, text, [{ exchange: 'orders' }, { exchange: 'order' }, { exchange: 'orders2' }, {}])).toEqual([
      0,
    ]);
  });

  it('those to an exchange whose name has quotes, line ends, or the words of the text in it', () => {
    for (const exchange of ["o'brien", "o'brien' in vhost", 'two\nlines', "exchange 'x' in vhost '/'"]) {
      const text = `NOT_FOUND - no exchange '${exchange}' in vhost '/'`;
      expect(suspects(404, text, [{ exchange }, { exchange: 'x' }])).toEqual([0]);
    }
  });

  it('those to an exchange whose name was cut off, and reports that it may err', () => {
    const long = 'L'.repeat(255);
    const text = `NOT_FOUND - no exchange '${'L'.repeat(227)}...`;
    expect(suspects(404, text, [{ exchange: long }, { exchange: 'L' }, { exchange: 'L'.repeat(229) }])).toEqual([0, 2]);
    expect(suspicionOf(refusal(404, text))?.isExact).toBe(false);
  });

  it('those to an exchange whose name is there and the words after it were cut off', () => {
    const exchange = 'L'.repeat(225);
    const text = `NOT_FOUND - no exchange '${exchange}' ...`;
    expect(suspects(404, text, [{ exchange: `${exchange}L` }, { exchange }])).toEqual([1]);
  });

  it('those to an exchange whose name was cut within a character', () => {
    const exchange = 'ü'.repeat(127);
    const text = `NOT_FOUND - no exchange '${'ü'.repeat(113)}\ufffd...`;
    expect(suspects(404, text, [{ exchange }, { exchange: 'x' }])).toEqual([0]);
  });

  it('those to an internal exchange, and to one without the right to write', () => {
    const internal = "ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/'";
    expect(suspects(403, internal, [{ exchange: 'inner' }, {}])).toEqual([0]);
    const refused = "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'";
    expect(suspects(403, refused, [{ exchange: 'inner' }, { exchange: '' }])).toEqual([1]);
  });

  it('those with the topic that the user may not write, not others of its exchange', () => {
    const text = "ACCESS_REFUSED - access to topic 'no.key' in exchange 'amq.topic' in vhost '/' refused for user 'u'";
    const exchange = 'amq.topic';
    expect(
      suspects(403, text, [
        { exchange, routingKey: 'no.key' },
        { exchange, routingKey: 'ok.key' },
        { exchange: 'other', routingKey: 'no.key' },
      ]),
    ).toEqual([0]);
  });

  it('those with the user id', () => {
    const text = "PRECONDITION_FAILED - user_id property set to 'me' but authenticated user was 'guest'";
    expect(suspects(406, text, [{ properties: { userId: 'me' } }, { properties: { userId: 'guest' } }, {}])).toEqual([
      0,
    ]);
  });

  it('those with the expiration', () => {
    const text = "PRECONDITION_FAILED - invalid expiration '99999999999999999': {value_too_big,99999999999999999}";
    const expirations = ['99999999999999999', '9999', '1'];
    expect(
      suspects(
        406,
        text,
        expirations.map((expiration) => ({ properties: { expiration } })),
      ),
    ).toEqual([0]);
  });

  it('those over the size, by either wording', () => {
    for (const words of ['configured max size', 'max size']) {
      const text = `PRECONDITION_FAILED - message size 11 is larger than ${words} 10`;
      expect(suspects(406, text, [{ bodyBytes: 10 }, { bodyBytes: 11 }, { bodyBytes: 12 }])).toEqual([1, 2]);
    }
  });

  it('those that want a direct reply', () => {
    const text = 'PRECONDITION_FAILED - fast reply consumer does not exist';
    expect(
      suspects(406, text, [
        { properties: { replyTo: 'amq.rabbitmq.reply-to' } },
        { properties: { replyTo: 'answers' } },
      ]),
    ).toEqual([0]);
  });

  it('those with CC or BCC where these are wrong, and reports that it may err', () => {
    const text = 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}';
    expect(
      suspects(406, text, [
        { properties: { headers: { CC: 'x' } } },
        { properties: { headers: { BCC: ['x'] } } },
        { properties: { headers: { cc: 'x' } } },
        {},
      ]),
    ).toEqual([0, 1]);
    expect(suspicionOf(refusal(406, text))?.isExact).toBe(false);
  });

  it('nobody by words that name no publish', () => {
    expect(suspicionOf(refusal(406, 'PRECONDITION_FAILED - something new'))).toBeUndefined();
    expect(suspicionOf(refusal(406, ''))).toBeUndefined();
  });

  it('by properties that were not encoded', () => {
    const text = "PRECONDITION_FAILED - user_id property set to 'me' but authenticated user was 'guest'";
    const input: PublishInput = { ...publish({}), properties: { userId: 'me' } };
    expect(suspicionOf(refusal(406, text))?.fits(input)).toBe(true);
  });
});
