import { describe, expect, it } from 'vitest';
import { QueuedMessage } from '../../src/model/queued-message.ts';
import { ReadyMessages } from '../../src/model/ready-messages.ts';
import { newMessage, textOf } from './message-factory.ts';

function entry(place: number, priority?: number): QueuedMessage {
  return new QueuedMessage(place, newMessage(`${place}`, { priority }), Number.POSITIVE_INFINITY);
}

function order(ready: ReadyMessages): string[] {
  return Array.from(ready, ({ message }) => textOf(message));
}

describe('ready messages', () => {
  it('are taken in their order', () => {
    const ready = new ReadyMessages();
    for (const place of [1, 2, 3]) ready.push(entry(place));
    expect([ready.takeFirst(), ready.takeFirst(), ready.takeFirst()].map((each) => each?.place)).toEqual([1, 2, 3]);
    expect(ready.takeFirst()).toBeUndefined();
  });

  it('take their old places when they come back, in whatever order they come', () => {
    const ready = new ReadyMessages();
    const entries = [1, 2, 3, 4, 5].map((place) => entry(place));
    for (const each of entries) ready.push(each);
    const taken = entries.map(() => ready.takeFirst()).filter((each) => each !== undefined);
    ready.push(entry(6));
    ready.putBack([taken[3], taken[0]].filter((each) => each !== undefined));
    ready.putBack([taken[4], taken[1]].filter((each) => each !== undefined));
    expect(order(ready)).toEqual(['1', '2', '4', '5', '6']);
  });

  it('of a higher priority come first, and one beyond the highest counts as that', () => {
    const ready = new ReadyMessages(5);
    ready.push(entry(1));
    ready.push(entry(2, 5));
    ready.push(entry(3, 1));
    ready.push(entry(4, 200));
    expect(order(ready)).toEqual(['2', '4', '3', '1']);
  });

  it('come back to the line of their priority', () => {
    const ready = new ReadyMessages(1);
    ready.push(entry(1, 1));
    ready.push(entry(2, 0));
    const [high, low] = [ready.takeFirst(), ready.takeFirst()];
    ready.putBack([low, high].filter((each) => each !== undefined));
    expect(order(ready)).toEqual(['1', '2']);
  });

  it('without a priority line take no notice of it', () => {
    const ready = new ReadyMessages();
    ready.push(entry(1, 0));
    ready.push(entry(2, 9));
    expect(order(ready)).toEqual(['1', '2']);
  });

  it('are counted, with the bytes of their bodies', () => {
    const ready = new ReadyMessages();
    for (const place of [1, 22, 333]) ready.push(entry(place));
    const first = ready.takeFirst();
    expect([ready.length, ready.bytes]).toEqual([2, 5]);
    ready.putBack(first === undefined ? [] : [first]);
    expect([ready.length, ready.bytes]).toEqual([3, 6]);
    expect([ready.clear(), ready.length, ready.bytes]).toEqual([3, 0, 0]);
  });

  it('stay in order over thousands that come and go', () => {
    const ready = new ReadyMessages();
    let next = 1;
    const taken: number[] = [];
    for (let round = 0; round < 5000; round++) {
      ready.push(entry(next++));
      ready.push(entry(next++));
      taken.push(ready.takeFirst()?.place ?? 0);
    }
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
    expect(ready.first?.place).toBe(5001);
  });
});
