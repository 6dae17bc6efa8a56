/** Distinguishes a difference from a race: what is open on RabbitMQ too, and no more than that. */
import { describe, expect, it } from 'vitest';
import { difference } from './compare.ts';
import type { ChannelReport, StepReport } from './report.ts';

const direct = 'qd: 100 basic.get-ok {"messageCount":1} {} "m1"';
const otherDirect = 'qd: 100 basic.get-ok {"messageCount":0} {} "m2"';
const letter = letterOf('qq', 'm1');

it.each([
  ['a dead letter comes before a publish to the same queue', [direct, letter], [letter, direct]],
  ['dead letters of two queues change places', [letter, letterOf('qa', 'm1')], [letterOf('qa', 'm1'), letter]],
])('takes for a race that %s', (_name, real, embedded) => {
  expect(difference([left(real)], [left(embedded)])?.kind).toBe('race');
});

it.each([
  ['two publishes change places', [direct, otherDirect], [otherDirect, direct]],
  ['dead letters of one queue change places', [letter, letterOf('qq', 'm2')], [letterOf('qq', 'm2'), letter]],
  ['a dead letter is in another queue', [direct, letter], [direct, letter.replace('qd', 'qa')]],
  ['a dead letter is missing', [direct, letter], [direct]],
])('takes for a difference that %s', (_name, real, embedded) => {
  expect(difference([left(real)], [left(embedded)])?.kind).toBe('difference');
});

it('takes for a race that a consumer gets a dead letter before a publish, and for a difference that publishes change places', () => {
  const deliver = (line: string): string =>
    line.replace('qd: 100 basic.get-ok {', '1 basic.deliver {"consumerTag":"t1",');
  const [first, second, dead] = [deliver(direct), deliver(otherDirect), deliver(letter)];
  expect(difference([heard(first, dead)], [heard(dead, first)])?.kind).toBe('race');
  expect(difference([heard(first, second)], [heard(second, first)])?.kind).toBe('difference');
});

it('takes for a fault of RabbitMQ that it fails at what the embedded broker does, and for a difference the other way round', () => {
  const close = '0 connection.close {"replyCode":541,"replyText":"INTERNAL_ERROR","classId":0,"methodId":0}';
  const failed: StepReport = { channels: [{ where: '0/0', deliveries: [], answers: [close] }], queues: [] };
  expect(difference([failed], [left([direct])])?.kind).toBe('fault');
  expect(difference([left([direct])], [failed])?.kind).toBe('difference');
  expect(difference([failed], [failed])).toBeUndefined();
});

describe('where a connection ends', () => {
  const held = [given('0/1', 'm1', 'm2'), given('0/2', 'm3', 'm4')];

  it.each([
    ['its channels give back in another order', ['m1', 'm2', 'm3', 'm4'], ['m3', 'm4', 'm1', 'm2']],
    ['what its channels give back is mixed', ['m1', 'm2', 'm3', 'm4'], ['m1', 'm3', 'm2', 'm4']],
    ['what waits comes after what one channel gives back', ['m1', 'm9', 'm3'], ['m1', 'm3', 'm9']],
  ])('takes for a race that %s', (_name, real, embedded) => {
    expect(kindOf(held, ends(given('1/1', ...real)), ends(given('1/1', ...embedded)))).toBe('race');
  });

  it('takes for a race what is still given to the connection itself', () => {
    const [taken, spared] = [ends(given('0/2', 'm1'), given('1/1', 'm2')), ends(given('1/1', 'm2'))];
    expect(kindOf(held, taken, spared)).toBe('race');
    expect(kindOf(held, spared, taken)).toBe('race');
  });

  it('takes for a race that a message which another of its channels got on the way comes later', () => {
    const detour = ends(given('0/2', 'm1'), given('1/1', 'm2', 'm1'));
    expect(kindOf(held, detour, ends(given('1/1', 'm1', 'm2')))).toBe('race');
  });

  it.each([
    ['is lost', ['m1', 'm2', 'm3'], ['m1', 'm3']],
    ['comes twice', ['m1', 'm2', 'm3'], ['m1', 'm2', 'm3', 'm3']],
    ['comes instead of another', ['m1', 'm2', 'm3'], ['m1', 'm2', 'm4']],
    ['changes its place among those of its channel', ['m1', 'm2', 'm3'], ['m2', 'm1', 'm3']],
    ['changes its place among those that no channel held', ['m1', 'm8', 'm9'], ['m1', 'm9', 'm8']],
  ])('takes for a difference that a message %s', (_name, real, embedded) => {
    expect(kindOf(held, ends(given('1/1', ...real)), ends(given('1/1', ...embedded)))).toBe('difference');
    expect(kindOf(held, ends(given('1/1', ...embedded)), ends(given('1/1', ...real)))).toBe('difference');
  });

  it('takes for a difference that a message comes to another channel or consumer', () => {
    const [one, other] = [ends(given('1/1', 'm1')), ends(given('1/2', 'm1'))];
    expect(kindOf(held, one, other)).toBe('difference');
    const line = given('1/1', 'm1').deliveries.map((text) => text.replace('"t1"', '"t2"'));
    expect(kindOf(held, one, ends({ ...given('1/1'), deliveries: line }))).toBe('difference');
  });

  it('takes for a difference that another number of messages is left', () => {
    const report = ends(given('1/1', 'm1', 'm3'));
    const other = { ...ends(given('1/1', 'm3', 'm1')), queues: ['qa 1 1'] };
    expect(kindOf(held, report, { ...report, queues: ['qa 1 1'] })).toBe('difference');
    expect(kindOf(held, report, other)).toBe('difference');
  });

  it('takes for a difference that messages of two channels change places where no connection ends', () => {
    const [one, other] = [given('1/1', 'm1', 'm3'), given('1/1', 'm3', 'm1')];
    expect(kindOf(held, stepOf(one), stepOf(other))).toBe('difference');
  });

  it('does not count what a channel held that ended before', () => {
    const closed = { where: '0/2', deliveries: [], answers: ['2 channel.close-ok {}'] };
    const [one, other] = [ends(given('1/1', 'm3', 'm9')), ends(given('1/1', 'm9', 'm3'))];
    expect(kindOf([...held, closed], one, other)).toBe('difference');
    const again = stepOf({ where: '0', deliveries: [], answers: ['ended'] });
    expect(difference([stepOf(...held), again, one], [stepOf(...held), again, other])?.kind).toBe('difference');
  });
});

/** What becomes of a step that the brokers did differently, after one that they did. */
function kindOf(before: readonly ChannelReport[], real: StepReport, embedded: StepReport): string | undefined {
  return difference([stepOf(...before), real], [stepOf(...before), embedded])?.kind;
}

function stepOf(...channels: readonly ChannelReport[]): StepReport {
  return { channels, queues: ['qa 0 1'] };
}

/** A step in which connection 0 ends. */
function ends(...channels: readonly ChannelReport[]): StepReport {
  return stepOf(...channels, { where: '0', deliveries: [], answers: ['ended'] });
}

/** Messages for the consumer `t1` of a channel. */
function given(where: string, ...bodies: readonly string[]): ChannelReport {
  const [, channel] = where.split('/');
  const deliveries = bodies.map(
    (body, at) => `${channel} basic.deliver {"consumerTag":"t1","deliveryTag":${at + 1}} {} "${body}"`,
  );
  return { where, deliveries, answers: [] };
}

function left(queues: readonly string[]): StepReport {
  return { channels: [], queues };
}

function heard(...deliveries: readonly string[]): StepReport {
  return { channels: [{ where: '0/1', deliveries, answers: [] }], queues: [] };
}

function letterOf(queue: string, body: string): string {
  const headers = `"headers":{"x-death":[{"count":1,"reason":"maxlen","queue":"${queue}","time":"…"}]}`;
  return `qd: 100 basic.get-ok {"messageCount":0} {${headers}} "${body}"`;
}
