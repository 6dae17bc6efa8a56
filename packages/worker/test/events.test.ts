import { runInNewContext } from 'node:vm';
import { UsageError } from '@puka/errors';
import { expect, it } from 'vitest';
import { Events, type JobInfo } from '../src/events.ts';

const job = { attempt: 1 } as JobInfo;

it('calls its listeners in their order, and knows whether there is one', () => {
  const events = new Events(() => undefined);
  const heard: unknown[] = [];
  const listener = (_job: JobInfo, durationMs: number): void => void heard.push(durationMs);
  expect(events.has('done')).toBe(false);
  events.on('done', listener);
  events.on('done', () => void heard.push('second'));
  expect(events.has('done')).toBe(true);
  events.emit('done', job, 7);
  events.off('done', listener);
  events.emit('done', job, 8);
  expect(heard).toEqual([7, 'second', 'second']);
});

it('has none once the last one is taken away', () => {
  const events = new Events(() => undefined);
  const listener = (): undefined => undefined;
  events.on('returned', listener);
  events.off('returned', listener);
  events.off('lost', listener);
  expect(events.has('returned')).toBe(false);
});

it('reports what a listener throws, at once or later, and goes on', async () => {
  const reported: unknown[] = [];
  const events = new Events((error) => reported.push(error));
  const heard: string[] = [];
  events.on('returned', () => {
    throw new Error('at once');
  });
  events.on('returned', async () => {
    throw new Error('later');
  });
  events.on('returned', () => runInNewContext("Promise.reject('of another realm')"));
  events.on('returned', () => void heard.push('third'));
  events.emit('returned', job);
  await Promise.resolve();
  expect(heard).toEqual(['third']);
  expect(reported).toEqual([new Error('at once'), new Error('later'), 'of another realm']);
});

it('refuses an unknown event, and a listener that is not a function', () => {
  const events = new Events(() => undefined);
  expect(() => events.on('faild' as 'failed', () => undefined)).toThrow(
    /no event 'faild'; it has started, done, failed/,
  );
  expect(() => events.on('done', 5 as never)).toThrow(UsageError);
});
