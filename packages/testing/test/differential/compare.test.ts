/** Tells a difference from a race: what is open on RabbitMQ too, and no more than that. */
import { expect, it } from 'vitest';
import { difference } from './compare.ts';
import type { StepReport } from './report.ts';

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
