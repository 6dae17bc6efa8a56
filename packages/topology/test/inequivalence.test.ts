import { describe, expect, it } from 'vitest';
import { readInequivalence } from '../src/inequivalence.ts';

describe('the words of RabbitMQ about what is there otherwise', () => {
  it.each([
    [
      "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received the value '2' of type 'signedint' but current is none",
      { field: 'x-message-ttl', received: 2, current: undefined },
    ],
    [
      "PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': received '2' but current is '1'",
      { field: 'x-message-ttl', received: 2, current: 1 },
    ],
    [
      "inequivalent arg 'auto_delete' for exchange 'it's' in vhost '/': received 'true' but current is 'false'",
      { field: 'autoDelete', received: true, current: false },
    ],
    [
      "inequivalent arg 'x-overflow' for queue 'q' in vhost '/': received none but current is the value '7' of type 'longstr'",
      { field: 'x-overflow', received: undefined, current: '7' },
    ],
    [
      "inequivalent arg 'type' for exchange 'e' in vhost '/': received 'topic' but current is 'fanout'",
      { field: 'type', received: 'topic', current: 'fanout' },
    ],
  ])('are read: %s', (text, expected) => {
    expect(readInequivalence(text)).toEqual(expected);
  });

  it('are distinguished from others', () => {
    expect(readInequivalence("PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q'")).toBeUndefined();
  });
});
