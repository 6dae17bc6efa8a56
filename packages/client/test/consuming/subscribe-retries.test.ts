import { AccessRefused, ConnectionBroken, ConsumerCancelled, NotFound, type PukaError } from '@puka/errors';
import { VirtualClock } from '@puka/testkit';
import { expect, it } from 'vitest';
import { SubscribeRetries } from '../../src/consuming/subscribe-retries.ts';
import { Deadlines } from '../../src/runtime/deadlines.ts';

function scene(isRecorded = false, endsWithCancel = false) {
  const clock = new VirtualClock();
  const deadlines = new Deadlines(() => {});
  const away = new Set<string>();
  const resubscribing = new SubscribeRetries(
    {
      deadlines,
      now: clock.now,
      recovery: {
        patience: { minDelay: 100, maxDelay: 1000, retryFor: 5000 },
        exclusiveForMs: 1000,
        isAway: (queue) => away.has(queue),
        queueVanished: () => isRecorded,
      },
    },
    { holds: () => false },
  );
  const log: string[] = [];
  const names = { now: 'q' };
  const answers: ((error: PukaError | undefined) => void)[] = [];
  const start = (): void =>
    resubscribing.start({
      endsWithQueue: true,
      endsWithCancel,
      queue: () => names.now,
      isOver: () => false,
      subscribe: (done) => {
        log.push('subscribe');
        answers.push(done);
      },
      tried: () => log.push('tried'),
      retrying: () => log.push('retrying'),
      finished: (error) => log.push(`finished ${error?.code}`),
    });
  const advance = (ms: number): void => {
    clock.advance(ms);
    deadlines.expire(clock.now());
  };
  return { resubscribing, away, log, names, start, advance, answer: (error?: PukaError) => answers.shift()?.(error) };
}

const missing = new NotFound('no', { replyText: "no queue 'q'", scope: 'channel' });

it('subscribes once where all is well', () => {
  const { log, start, answer } = scene();
  start();
  answer();
  expect(log).toEqual(['subscribe', 'finished undefined', 'tried']);
});

it('waits for a queue that is being restored', () => {
  const { log, start, away, resubscribing } = scene();
  away.add('q');
  start();
  expect(log).toEqual(['tried']);
  away.clear();
  resubscribing.queueRestored('q');
  expect(log).toEqual(['tried', 'subscribe']);
});

it('ends with a queue that does not come back', () => {
  const { log, start, away, resubscribing } = scene();
  away.add('q');
  start();
  resubscribing.queueLost('q', missing);
  expect(log).toEqual(['tried', 'finished NOT_FOUND']);
});

it('tries a missing queue again, reports it once, and gives up after retryFor', () => {
  const { log, start, answer, advance } = scene();
  start();
  for (let round = 0; round < 100; round++) {
    answer(missing);
    advance(100);
  }
  expect(log.filter((word) => word === 'retrying')).toHaveLength(1);
  expect(log.filter((word) => word === 'subscribe').length).toBeGreaterThan(5);
  expect(log.at(-1)).toBe('finished NOT_FOUND');
});

it('leaves a recorded queue that has vanished to the replay', () => {
  const { log, start, answer, resubscribing } = scene(true);
  start();
  answer(missing);
  expect(log).toEqual(['subscribe', 'tried']);
  resubscribing.queueRestored('q');
  answer();
  expect(log).toEqual(['subscribe', 'tried', 'subscribe', 'finished undefined']);
});

it('gives up at once what is refused, and does nothing at the end of the connection', () => {
  const refused = scene();
  refused.start();
  refused.answer(new AccessRefused('no', { replyText: 'no right', scope: 'channel' }));
  expect(refused.log).toEqual(['subscribe', 'finished ACCESS_REFUSED', 'tried']);
  const lost = scene();
  lost.start();
  lost.answer(new ConnectionBroken('gone'));
  expect(lost.log).toEqual(['subscribe', 'tried']);
});

it('gives up a missing queue that this client has deleted meanwhile', () => {
  const { log, start, answer, advance, resubscribing } = scene();
  start();
  answer(missing);
  resubscribing.queueLeft('other');
  advance(100);
  answer(missing);
  expect(log).toEqual(['subscribe', 'retrying', 'tried', 'subscribe']);
  resubscribing.queueLeft('q');
  advance(200);
  answer(missing);
  expect(log.slice(4)).toEqual(['subscribe', 'finished NOT_FOUND']);
});

it.each([
  ['the broker cancels the consumer before its answer', new ConsumerCancelled('cancelled')],
  ['something else closes the channel', new ConnectionBroken('closed', { scope: 'channel' })],
])('tries again where %s, and gives up after retryFor', (_, error) => {
  const { log, start, answer, advance } = scene();
  start();
  answer(error);
  expect(log).toEqual(['subscribe', 'retrying', 'tried']);
  advance(100);
  answer();
  expect(log.slice(3)).toEqual(['subscribe', 'finished undefined']);
  const forever = scene();
  forever.start();
  for (let round = 0; round < 100; round++) {
    forever.answer(error);
    forever.advance(100);
  }
  expect(forever.log.at(-1)).toBe(`finished ${error.code}`);
});

it('gives up what the broker cancels, where it is not to be subscribed again', () => {
  const { log, start, answer } = scene(false, true);
  start();
  answer(new ConsumerCancelled('cancelled'));
  expect(log).toEqual(['subscribe', 'finished CONSUMER_CANCELLED', 'tried']);
});

it('waits for a queue by the name that it gets meanwhile', () => {
  const { log, names, start, answer, resubscribing } = scene(true);
  start();
  answer(missing);
  names.now = 'other';
  resubscribing.queueRenamed('q', 'other');
  resubscribing.queueRestored('q');
  expect(log).toEqual(['subscribe', 'tried']);
  resubscribing.queueRestored('other');
  answer();
  expect(log).toEqual(['subscribe', 'tried', 'subscribe', 'finished undefined']);
});
