import { ConnectionBroken } from '@puka/errors';
import { describe, expect, it } from 'vitest';
import { newSeed, seededRandom, shuffled } from '../seeded.ts';
import { PublisherScene, watchState } from './publisher-scene.ts';

const missing = "NOT_FOUND - no exchange 'gone' in vhost '/'";
const toGone = { exchange: 'gone' };

/** A scene with an open channel and these publishes in flight. */
function inFlight(...names: readonly string[]): PublisherScene {
  const scene = new PublisherScene();
  for (const name of names) scene.publish(name, name.startsWith('bad') ? toGone : {});
  scene.sent();
  scene.openChannel();
  return scene;
}

describe('confirms', () => {
  it('go out in the order of the calls, after the opening of the channel', () => {
    const scene = new PublisherScene();
    for (const name of ['a', 'b', 'c']) scene.publish(name);
    expect(scene.sent()).toEqual(['channel.open', 'confirm.select', 'a', 'b', 'c']);
  });

  it('settle one by one, in any order', () => {
    const scene = inFlight('a', 'b', 'c', 'd');
    for (const tag of [3, 1, 4, 2]) scene.ack(tag);
    expect(scene.fates).toEqual(['a', 'b', 'c', 'd']);
    expect(scene.publisher.outstanding).toBe(0);
    expect(scene.publisher.openBytes).toBe(0);
  });

  it('settle by many, those included that were settled before', () => {
    const scene = inFlight('a', 'b', 'c', 'd', 'e');
    scene.ack(2);
    scene.ack(2, true);
    expect(scene.fates).toEqual(['a', 'b']);
    scene.ack(5);
    scene.ack(5, true);
    expect(scene.fates).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('settle all by the tag 0', () => {
    const scene = inFlight('a', 'b', 'c');
    scene.ack(0, true);
    expect(scene.fates).toEqual(['a', 'b', 'c']);
  });

  it('reject those that are nacked, one or many', () => {
    const scene = inFlight('a', 'b', 'c', 'd');
    scene.nack(2);
    scene.ack(3);
    scene.nack(4, true);
    expect(scene.fates).toEqual(['a PUBLISH_NACKED', 'b PUBLISH_NACKED', 'c', 'd PUBLISH_NACKED']);
  });

  it('settle each once, whatever the broker sends in any order', () => {
    const seed = newSeed();
    console.info(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let round = 0; round < 50; round++) {
      const count = 40;
      const scene = inFlight(...Array.from({ length: count }, (_, index) => `${index}`));
      const wanted = new Map<number, boolean>();
      for (const tag of shuffled([...Array(count + 1).keys()].slice(1), random)) {
        const [isAck, isMultiple] = [random() < 0.7, random() < 0.3];
        for (let each = isMultiple ? 1 : tag; each <= tag; each++) if (!wanted.has(each)) wanted.set(each, isAck);
        if (isAck) scene.ack(tag, isMultiple);
        else scene.nack(tag, isMultiple);
      }
      const fates = Array.from(
        { length: count },
        (_, index) => `${index}${wanted.get(index + 1) ? '' : ' PUBLISH_NACKED'}`,
      );
      expect(scene.fates).toEqual(fates);
      expect(scene.publisher.outstanding).toBe(0);
    }
  });

  it.each([
    ['far beyond the last', 2 ** 52, true],
    ['after the last', 3, false],
  ])('of a tag %s is a mistake of the broker: it confirms nothing and ends the connection', (_which, tag, multiple) => {
    const scene = inFlight('a', 'b');
    scene.ack(tag, multiple);
    expect(scene.harness.closed).toEqual([expect.objectContaining({ code: 'COMMAND_INVALID', blame: 'peer' })]);
    expect(scene.fates).toEqual([]);
  });

  it('of a tag that is settled already are ignored', () => {
    const scene = inFlight('a');
    scene.ack(1);
    scene.ack(1);
    expect(scene.fates).toEqual(['a']);
  });

  it('count on after thousands', () => {
    const scene = inFlight('first');
    scene.ack(1);
    for (let index = 0; index < 5000; index++) scene.publish(`${index}`);
    scene.ack(4000, true);
    scene.publish('last');
    scene.ack(5002);
    expect(scene.fates).toHaveLength(1 + 3999 + 1);
    expect(scene.fates.at(-1)).toBe('last');
    scene.ack(5001, true);
    expect(scene.publisher.outstanding).toBe(0);
  });
});

describe('a refusal', () => {
  it('that names one publish fails it, and the others are sent again in their order on a new channel', () => {
    const scene = inFlight('a', 'b', 'bad', 'c', 'd');
    scene.ack(1);
    scene.refuse(404, missing);
    expect(scene.fates).toEqual(['a', 'bad NOT_FOUND']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'b', 'c', 'd']);
    scene.openChannel();
    scene.ack(3, true);
    expect(scene.fates).toEqual(['a', 'b', 'bad NOT_FOUND', 'c', 'd']);
  });

  it('that fits several has them sent again alone, each after all before it', () => {
    const scene = inFlight('a', 'bad1', 'b', 'bad2', 'c');
    scene.refuse(404, missing);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'a']);
    scene.openChannel();
    scene.ack(1);
    expect(scene.sent()).toEqual(['bad1']);
    scene.publish('new');
    expect(scene.sent()).toEqual([]);
    // The exchange has been made meanwhile.
    scene.ack(2);
    expect(scene.sent()).toEqual(['b']);
    scene.ack(3);
    expect(scene.sent()).toEqual(['bad2']);
    scene.ack(4);
    expect(scene.sent()).toEqual(['c', 'new']);
    scene.ack(6, true);
    expect(scene.fates).toEqual(['a', 'bad1', 'b', 'bad2', 'c', 'new']);
  });

  it('of one sent alone speaks for those alike that were called before', () => {
    const scene = inFlight('bad1', 'a', 'bad2', 'bad3');
    scene.refuse(404, missing);
    scene.sent();
    scene.openChannel();
    scene.refuse(404, missing);
    expect(scene.fates).toEqual(['bad1 NOT_FOUND', 'bad2 NOT_FOUND', 'bad3 NOT_FOUND']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'a']);
  });

  it('of one sent alone does not speak for those called after it was sent', () => {
    const scene = inFlight('bad1', 'bad2');
    scene.refuse(404, missing);
    scene.sent();
    scene.openChannel();
    // The exchange may have been made by now.
    scene.publish('new', toGone);
    scene.refuse(404, missing);
    expect(scene.fates).toEqual(['bad1 NOT_FOUND', 'bad2 NOT_FOUND']);
    expect(scene.sent().at(-1)).toBe('new');
  });

  it('that may belong to publishes other than those it fits settles no other', () => {
    const scene = new PublisherScene();
    scene.publish('wrong', { headers: { CC: ['text'] } });
    scene.publish('right', { headers: { CC: ['queue'] } });
    scene.sent();
    scene.openChannel();
    const text = 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}';
    scene.refuse(406, text);
    expect(scene.sent().at(-1)).toBe('wrong');
    scene.openChannel();
    scene.refuse(406, text);
    expect(scene.fates).toEqual(['wrong PRECONDITION_FAILED']);
    expect(scene.sent().at(-1)).toBe('right');
  });

  it('leaves what was in flight before what was held back', () => {
    const scene = inFlight('a', 'b', 'bad1', 'bad2');
    scene.refuse(404, missing);
    expect(scene.sent().slice(-2)).toEqual(['a', 'b']);
    scene.openChannel();
    scene.refuse(406, 'PRECONDITION_FAILED - something new');
    for (const name of ['a', 'b', 'bad1', 'bad2']) {
      expect(scene.sent().at(-1)).toBe(name);
      if (name === 'a') scene.openChannel();
      scene.ack(['a', 'b', 'bad1', 'bad2'].indexOf(name) + 1);
    }
    expect(scene.fates).toEqual(['a', 'b', 'bad1', 'bad2']);
  });

  it('of one among those in flight leaves the others before what was held back', () => {
    const scene = new PublisherScene();
    scene.publish('a');
    scene.publish('mine', { userId: 'me' });
    for (const name of ['bad1', 'bad2']) scene.publish(name, toGone);
    scene.sent();
    scene.openChannel();
    scene.refuse(404, missing);
    scene.sent();
    scene.openChannel();
    scene.refuse(406, "PRECONDITION_FAILED - user_id property set to 'me' but authenticated user was 'u'");
    expect(scene.fates).toEqual(['mine PRECONDITION_FAILED']);
    expect(scene.sent().at(-1)).toBe('a');
  });

  it('that names no publish has all sent again one by one, until it is found', () => {
    const scene = inFlight('a', 'b', 'c');
    scene.refuse(406, 'PRECONDITION_FAILED - something new');
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'a']);
    scene.openChannel();
    scene.ack(1);
    expect(scene.sent()).toEqual(['b']);
    scene.refuse(406, 'PRECONDITION_FAILED - something new');
    expect(scene.fates).toEqual(['a', 'b PRECONDITION_FAILED']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'c']);
  });

  it('ends what waits for publishes to settle', () => {
    const scene = inFlight('bad');
    scene.refuse(404, missing);
    expect(scene.publisher.outstanding).toBe(0);
    expect(scene.publisher.openBytes).toBe(0);
    expect(scene.settledCalls).toBeGreaterThan(0);
  });

  it('leaves no gap in the tags of the new channel', () => {
    const scene = inFlight('a', 'bad', 'b');
    scene.refuse(404, missing);
    scene.sent();
    scene.openChannel();
    scene.ack(2);
    expect(scene.fates).toEqual(['bad NOT_FOUND', 'b']);
    scene.ack(1);
    expect(scene.fates).toEqual(['a', 'bad NOT_FOUND', 'b']);
  });
});

describe('given up', () => {
  it('before it is sent, it is not sent', () => {
    const scene = inFlight('bad1', 'bad2', 'a');
    scene.refuse(404, missing);
    scene.sent();
    const late = scene.publish('late');
    late.reject(new Error('given up'));
    scene.publisher.forget(late);
    scene.openChannel();
    scene.ack(1);
    expect(scene.sent()).toEqual(['bad2']);
    scene.ack(2);
    expect(scene.sent()).toEqual(['a']);
    scene.ack(3);
    expect(scene.publisher.outstanding).toBe(0);
    expect(scene.publisher.openBytes).toBe(0);
  });

  it('after it is sent, its confirm is of no interest, and it is not sent again', () => {
    const scene = new PublisherScene();
    const [, given] = ['bad', 'a', 'b'].map((name) => scene.publish(name, name === 'bad' ? toGone : {}));
    scene.sent();
    scene.openChannel();
    given?.reject(new Error('given up'));
    if (given !== undefined) scene.publisher.forget(given);
    scene.refuse(404, missing);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'b']);
    scene.openChannel();
    scene.ack(1);
    expect(scene.fates).toContain('b');
    expect(scene.publisher.openBytes).toBe(0);
  });
});

describe('given up while the connection is away', () => {
  const broken = new ConnectionBroken('gone');

  it('they leave room at once, notify what waits, and do not pile up', () => {
    const scene = new PublisherScene();
    scene.publisher.detach(broken, true);
    const first = scene.publish('a');
    const { openBytes } = scene.publisher;
    const before = scene.settledCalls;
    for (let count = 0; count < 1000; count++) {
      scene.giveUp(scene.publish('x'));
      expect([scene.publisher.outstanding, scene.publisher.openBytes]).toEqual([1, openBytes]);
      expect(Reflect.get(Object(Reflect.get(scene.publisher, 'held')), 'length')).toBeLessThan(70);
    }
    expect(scene.settledCalls - before).toBe(1000);
    const last = scene.publish('b');
    scene.attach();
    expect(scene.sent().slice(-2)).toEqual(['a', 'b']);
    scene.giveUp(first);
    scene.openChannel();
    scene.ack(2, true);
    expect([last.state, scene.publisher.outstanding, scene.publisher.openBytes]).toEqual(['fulfilled', 0, 0]);
  });

  it('they are not counted among those to be sent again', () => {
    const scene = inFlight('a', 'b');
    const late = scene.publish('c');
    scene.sent();
    scene.publisher.detach(broken, true);
    expect([scene.publisher.toResend, scene.publisher.outstanding]).toEqual([3, 3]);
    scene.giveUp(late);
    expect([scene.publisher.toResend, scene.publisher.outstanding]).toEqual([2, 2]);
    scene.publisher.detach(broken, false);
    expect([scene.publisher.outstanding, scene.publisher.openBytes]).toEqual([0, 0]);
  });

  it.each([true, false])('nothing is kept of one given up before, when it was sent; recovery: %s', (willRecover) => {
    const scene = new PublisherScene();
    const sent = scene.publish('a');
    scene.sent();
    scene.openChannel();
    scene.giveUp(sent);
    scene.publisher.detach(broken, willRecover);
    expect([scene.publisher.outstanding, scene.publisher.openBytes]).toEqual([0, 0]);
    expect(sent.input).toBeUndefined();
  });

  it('cost a fixed number of steps each', () => {
    const scene = new PublisherScene();
    scene.publisher.detach(broken, true);
    const operations = Array.from({ length: 4000 }, (_, index) => scene.publish(`${index}`));
    let looks = 0;
    for (const operation of operations) watchState(operation, () => looks++);
    for (const operation of operations) scene.giveUp(operation);
    expect(scene.publisher.outstanding).toBe(0);
    expect(looks).toBeLessThan(10 * operations.length);
  });
});

describe('a body', () => {
  const broken = new ConnectionBroken('gone');
  const transfer = (body: Uint8Array<ArrayBuffer>): void => void structuredClone(body, { transfer: [body.buffer] });

  it('that is transferred after it was sent is dropped with the length it had', () => {
    const scene = new PublisherScene();
    const body = new Uint8Array(20_000);
    scene.publish('a', { body });
    scene.sent();
    scene.openChannel();
    transfer(body);
    scene.ack(1);
    expect([scene.fates, scene.publisher.openBytes]).toEqual([['a'], 0]);
  });

  it('that is transferred before it is sent fails its publish: no empty message goes out', () => {
    const scene = new PublisherScene();
    scene.publisher.detach(broken, true);
    const body = new Uint8Array(20_000);
    scene.publish('a', { body });
    scene.publish('b');
    transfer(body);
    const before = scene.settledCalls;
    scene.attach();
    expect(scene.sent()).toEqual(['channel.open', 'confirm.select', 'b']);
    expect(scene.fates).toEqual(['a USAGE_ERROR']);
    expect(scene.errorOf('a')).toMatchObject({ outcome: 'not-sent', method: 'basic.publish' });
    expect(scene.settledCalls).toBeGreaterThan(before);
    scene.openChannel();
    scene.ack(1);
    expect(scene.publisher.openBytes).toBe(0);
  });

  it('that is transferred before it is sent again leaves the outcome unknown', () => {
    const scene = new PublisherScene();
    const body = new Uint8Array(20_000);
    scene.publish('a', { body });
    scene.sent();
    scene.publisher.detach(broken, true);
    transfer(body);
    scene.attach();
    expect(scene.errorOf('a')).toMatchObject({ code: 'USAGE_ERROR', outcome: 'unknown' });
    expect([scene.publisher.outstanding, scene.publisher.openBytes]).toEqual([0, 0]);
  });
});

it('a publish whose properties change with the name of a queue is counted to its end as what it is', () => {
  const names = { hasRenames: true, nameOf: (queue: string) => (queue === 'old' ? 'a name that is longer' : queue) };
  const scene = new PublisherScene(true, names);
  scene.publish('a', { replyTo: 'old' });
  scene.sent();
  scene.openChannel();
  scene.ack(1);
  expect([scene.fates, scene.publisher.openBytes]).toEqual([['a'], 0]);
});

describe('what cannot be sent', () => {
  const tooLarge = { headers: { text: 'x'.repeat(140_000) } };

  it('fails at the call and uses no tag', () => {
    const scene = inFlight('a');
    expect(() => scene.publish('large', tooLarge)).toThrowError(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    scene.publish('b');
    expect(scene.sent()).toEqual(['b']);
    scene.ack(2);
    expect(scene.fates).toEqual(['b']);
    scene.ack(1);
    expect(scene.publisher.openBytes).toBe(0);
  });

  it('fails alone when it was held back', () => {
    const scene = inFlight('bad1', 'bad2');
    scene.refuse(404, missing);
    scene.publish('large', tooLarge);
    scene.publish('a');
    scene.sent();
    scene.openChannel();
    scene.ack(1);
    scene.ack(2);
    expect(scene.sent().at(-1)).toBe('a');
    expect(scene.fates).toEqual(['bad1', 'bad2', 'large LIMIT_EXCEEDED']);
  });

  it('notifies what waits when it was held for the next connection', () => {
    const scene = new PublisherScene();
    scene.publisher.detach(new ConnectionBroken('gone'), true);
    scene.publish('large', tooLarge);
    const before = scene.settledCalls;
    scene.attach();
    expect(scene.fates).toEqual(['large LIMIT_EXCEEDED']);
    expect(scene.settledCalls).toBeGreaterThan(before);
  });
});

describe('the end of the connection', () => {
  const broken = new ConnectionBroken('gone');

  it('leaves what was handed to the connection unknown, and the rest not sent', () => {
    const scene = inFlight('a', 'b');
    scene.ack(1);
    const outcomes = [scene.publish('c'), scene.publish('d')];
    scene.publisher.detach(broken, false);
    for (const { error } of outcomes) expect(error).toMatchObject({ code: 'CONNECTION_BROKEN', outcome: 'not-sent' });
    expect(scene.fates).toEqual(['a', 'b CONNECTION_BROKEN', 'c CONNECTION_BROKEN', 'd CONNECTION_BROKEN']);
    expect(scene.publisher.outstanding).toBe(0);
    expect(scene.publisher.openBytes).toBe(0);
  });

  it('leaves those held back as what became of them before', () => {
    const scene = inFlight('bad1', 'bad2');
    scene.refuse(404, missing);
    const late = scene.publish('late');
    scene.publisher.detach(broken, false);
    expect(late.error).toMatchObject({ outcome: 'not-sent', method: 'basic.publish', cause: broken });
  });

  it('leaves unknown what was sent before, though it was not yet sent again', () => {
    const scene = inFlight('a', 'bad');
    scene.refuse(404, missing);
    // The broker may have taken it before the bad one; now it is in the writer a second time.
    scene.publisher.detach(broken, false);
    expect(scene.fates).toEqual(['a CONNECTION_BROKEN', 'bad NOT_FOUND']);
    expect(scene.errorOf('a')).toMatchObject({ outcome: 'unknown' });
  });

  it('does not hide that a publish was returned', () => {
    const scene = new PublisherScene();
    scene.publish('a', { mandatory: true });
    scene.sent();
    scene.openChannel();
    scene.giveBack('a');
    scene.publisher.detach(broken, false);
    expect(scene.fates).toEqual(['a NO_ROUTE']);
  });

  it('passes a hard error to the publish that caused it, where it is the only one', () => {
    const close = {
      type: 'connection.close',
      replyCode: 541,
      replyText: 'INTERNAL_ERROR',
      classId: 60,
      methodId: 40,
    } as const;
    for (const names of [['a'], ['a', 'b']]) {
      const scene = inFlight(...names);
      scene.harness.say([0, close]);
      const [error] = scene.harness.closed;
      if (error !== undefined) scene.publisher.detach(error, false);
      expect(scene.fates).toEqual(
        names.length === 1 ? ['a INTERNAL_ERROR'] : ['a CONNECTION_BROKEN', 'b CONNECTION_BROKEN'],
      );
    }
  });
});

describe('mandatory publishes', () => {
  const mandatory = { mandatory: true };

  it('that come back reject with their confirm, the others resolve', () => {
    const scene = new PublisherScene();
    for (const name of ['a', 'b', 'c']) scene.publish(name, mandatory);
    expect(scene.sent()).toEqual(['channel.open', 'confirm.select', 'a', 'b', 'c']);
    scene.openChannel();
    scene.giveBack('b');
    expect(scene.fates).toEqual([]);
    scene.ack(3, true);
    expect(scene.fates).toEqual(['a', 'b NO_ROUTE', 'c']);
  });

  it('that are equal get a footer between them, which distinguishes them', () => {
    const scene = new PublisherScene();
    for (const name of ['a', 'a', 'b', 'a']) scene.publish(name, mandatory);
    expect(scene.sent()).toEqual(['channel.open', 'confirm.select', 'a', 'footer', 'a', 'b', 'footer', 'a']);
    scene.openChannel();
    scene.giveFooterBack();
    scene.giveBack('a');
    scene.giveFooterBack();
    // Tags 2 and 5 are those of the footers.
    scene.ack(6, true);
    expect(scene.fates).toEqual(['a', 'a NO_ROUTE', 'b', 'a']);
  });

  it('that are equal need no footer once the first is settled', () => {
    const scene = new PublisherScene();
    scene.publish('a', mandatory);
    scene.sent();
    scene.openChannel();
    scene.ack(1);
    scene.publish('a', mandatory);
    expect(scene.sent()).toEqual(['a']);
  });

  it('are distinguished by their properties too', () => {
    const scene = new PublisherScene();
    for (const messageId of ['1', '2', '3']) scene.publish('a', { ...mandatory, messageId });
    expect(scene.sent()).toEqual(['channel.open', 'confirm.select', 'a', 'a', 'a']);
    scene.openChannel();
    scene.giveBack('a', { messageId: '2' });
    scene.ack(3, true);
    expect(scene.fates).toEqual(['a', 'a NO_ROUTE', 'a']);
  });

  it('are found though the broker has changed the properties', () => {
    const scene = new PublisherScene();
    scene.publish('a', { ...mandatory, headers: { BCC: ['x'] } });
    scene.publish('b', { ...mandatory, headers: { BCC: ['x'] } });
    scene.sent();
    scene.openChannel();
    scene.giveBack('b', { headers: {} });
    scene.ack(2, true);
    expect(scene.fates).toEqual(['a', 'b NO_ROUTE']);
  });

  it('are each found once, though the broker has changed the properties of several', () => {
    const scene = new PublisherScene();
    for (const messageId of ['1', '2']) scene.publish('a', { ...mandatory, messageId, headers: { BCC: ['x'] } });
    scene.sent();
    scene.openChannel();
    for (const messageId of ['1', '2']) scene.giveBack('a', { messageId, headers: {} });
    scene.ack(2, true);
    expect(scene.fates).toEqual(['a NO_ROUTE', 'a NO_ROUTE']);
  });

  it('that were never sent do no harm when they come back', () => {
    const scene = inFlight('a');
    scene.giveBack('stranger');
    scene.giveFooterBack();
    scene.ack(1);
    expect(scene.fates).toEqual(['a']);
  });

  it('that came back before the channel was closed are not sent again', () => {
    const scene = new PublisherScene();
    scene.publish('a', mandatory);
    scene.publish('bad', toGone);
    scene.publish('b', mandatory);
    scene.sent();
    scene.openChannel();
    scene.giveBack('a');
    scene.refuse(404, missing);
    expect(scene.fates).toEqual(['a NO_ROUTE', 'bad NOT_FOUND']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'b']);
  });

  it('are distinguished by fences where the user may not write to the default exchange', () => {
    const refused = "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'";
    const scene = new PublisherScene();
    const options = { ...mandatory, exchange: 'x' };
    for (const name of ['a', 'a', 'a']) scene.publish(name, options);
    scene.sent();
    scene.openChannel();
    scene.giveBack('a', options);
    scene.refuse(403, refused);
    expect(scene.fates).toEqual(['a NO_ROUTE']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'confirm.select', 'a', 'basic.qos', 'a']);
    scene.openChannel();
    scene.harness.say([1, { type: 'basic.qos-ok' }]);
    scene.giveBack('a', options);
    // A fence has no tag.
    scene.ack(2, true);
    expect(scene.fates).toEqual(['a NO_ROUTE', 'a', 'a NO_ROUTE']);
  });
});

describe('without confirms', () => {
  it('publishes end with the footer after them', () => {
    const scene = new PublisherScene(false);
    scene.publish('a');
    scene.publish('b');
    expect(scene.sent()).toEqual(['channel.open', 'a', 'b', 'footer']);
    expect(scene.sent()).toEqual([]);
    scene.harness.say([1, { type: 'channel.open-ok' }]);
    scene.publish('c');
    expect(scene.sent()).toEqual(['c', 'footer']);
    scene.giveFooterBack();
    expect(scene.fates).toEqual(['a', 'b']);
    scene.giveFooterBack();
    expect(scene.fates).toEqual(['a', 'b', 'c']);
    expect(scene.publisher.outstanding).toBe(0);
    expect(scene.sent()).toEqual([]);
  });

  it('publishes sent again end with the footers of the new channel', () => {
    const scene = new PublisherScene(false);
    scene.publish('bad', toGone);
    scene.publish('a');
    scene.sent();
    scene.harness.say([1, { type: 'channel.open-ok' }]);
    scene.refuse(404, missing);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'a', 'footer']);
    scene.harness.say([1, { type: 'channel.open-ok' }]);
    scene.publish('b');
    scene.sent();
    scene.giveFooterBack();
    expect(scene.fates).toEqual(['bad NOT_FOUND', 'a']);
    scene.giveFooterBack();
    expect(scene.fates).toEqual(['bad NOT_FOUND', 'a', 'b']);
  });

  it('publishes end with the fence after them where footers are refused, and none is sent twice for it', () => {
    const refused = "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'";
    const scene = new PublisherScene(false);
    scene.publish('a', { exchange: 'x' });
    scene.sent();
    scene.publish('b', { exchange: 'x' });
    scene.sent();
    scene.harness.say([1, { type: 'channel.open-ok' }]);
    scene.refuse(403, refused);
    expect(scene.fates).toEqual(['a']);
    expect(scene.sent()).toEqual(['channel.close-ok', 'channel.open', 'b', 'basic.qos']);
    scene.harness.say([1, { type: 'channel.open-ok' }], [1, { type: 'basic.qos-ok' }]);
    expect(scene.fates).toEqual(['a', 'b']);
  });
});
