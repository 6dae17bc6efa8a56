import { NotFound } from '@puka/errors';
import { MethodId, type MethodInput } from '@puka/wire';
import { describe, expect, it } from 'vitest';
import {
  channelClosedError,
  connectionLostError,
  type Request,
  RequestQueue,
  refusedRequest,
} from '../../src/session/requests.ts';

function request(method: MethodInput, reply: number): Request {
  return { name: method.type, replies: [reply], method, handler: () => {} };
}

function get(queue: string): Request {
  return request({ type: 'basic.get', queue }, MethodId.basicGetOk);
}

function consume(consumerTag: string): Request {
  return request({ type: 'basic.consume', queue: `queue of ${consumerTag}`, consumerTag }, MethodId.basicConsumeOk);
}

function queueOf(...requests: readonly Request[]): RequestQueue {
  const queue = new RequestQueue();
  for (const each of requests) queue.push(each);
  return queue;
}

describe('requests', () => {
  it('are answered by the first reply that fits, not by one for another consumer', () => {
    const [a, b, c] = [consume('a'), get('q'), consume('c')];
    const queue = queueOf(a, b, c);
    expect(queue.takeAnswered(MethodId.basicConsumeOk, 'c')).toBe(c);
    expect(queue.takeAnswered(MethodId.basicGetOk)).toBe(b);
    expect(queue.takeAnswered(MethodId.basicConsumeOk, 'x')).toBeUndefined();
    expect(queue.takeAnswered(MethodId.queueBindOk)).toBeUndefined();
    expect(queue.takeAnswered(MethodId.basicConsumeOk, 'a')).toBe(a);
    expect(queue.size).toBe(0);
  });

  it('lose the consume that the broker has cancelled', () => {
    const [a, b] = [consume('a'), consume('b')];
    const queue = queueOf(a, b);
    expect(queue.takeConsume('b')).toBe(b);
    expect(queue.takeConsume('b')).toBeUndefined();
    expect(queue.takeAll()).toEqual([a]);
    expect(queue.takeAll()).toEqual([]);
  });

  it('keep their order and their number in any mixture of answers', () => {
    const queue = new RequestQueue();
    const open: Request[] = [];
    for (let round = 0; round < 5000; round++) {
      const next = round % 3 === 0 ? consume(`${round}`) : get(`${round}`);
      queue.push(next);
      open.push(next);
      if (round % 7 < 3) continue;
      const index = open.findIndex(({ name }) => name === (round % 2 === 0 ? 'basic.get' : 'basic.consume'));
      const [expected] = index < 0 ? [] : open.splice(index, 1);
      const reply = round % 2 === 0 ? MethodId.basicGetOk : MethodId.basicConsumeOk;
      expect(queue.takeAnswered(reply)).toBe(expected);
      expect(queue.size).toBe(open.length);
    }
    expect(queue.count('basic.get')).toBe(open.filter(({ name }) => name === 'basic.get').length);
    expect(queue.takeAll()).toEqual(open);
  });

  it('by the thousand take no longer each than a few do', () => {
    const count = 300_000;
    const queue = queueOf(...Array.from({ length: 10 }, () => get('first')));
    const one = get('q');
    for (let index = 0; index < count; index++) queue.push(one);
    const started = performance.now();
    while (queue.takeAnswered(MethodId.basicGetOk) !== undefined);
    // Moving the rest for each answer takes a hundred times as long.
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a refusal', () => {
  const [a, b, c] = [get('q'), consume('b'), consume('c')];

  it('is for the first request', () => {
    expect(refusedRequest([a, b, c], new NotFound('no queue', { method: 'basic.get' }))).toBe(a);
  });

  it('of a consume is for the consume whose queue it names, else for the first consume', () => {
    const details = { method: 'basic.consume', replyText: "no queue 'queue of c' in vhost '/'" };
    expect(refusedRequest([a, b, c], new NotFound('no queue', details))).toBe(c);
    expect(refusedRequest([a, b, c], new NotFound('no queue', { method: 'basic.consume' }))).toBe(b);
    expect(refusedRequest([a], new NotFound('no queue', { method: 'basic.consume' }))).toBe(a);
  });
});

describe('a request without an answer', () => {
  it('was not done when its channel was closed before, and may have been when the connection was lost', () => {
    const cause = new NotFound('no queue');
    expect(channelClosedError(get('q'), cause)).toMatchObject({ outcome: 'not-sent', method: 'basic.get', cause });
    expect(connectionLostError(get('q'), cause)).toMatchObject({ outcome: 'unknown', method: 'basic.get', cause });
  });
});
