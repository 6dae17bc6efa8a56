import { AccessRefused, NotFound, type PukaError } from '@puka/errors';
import { expect, it } from 'vitest';
import { PublishOperation } from '../../src/publishing/publish-operation.ts';
import { UncheckedPublishes } from '../../src/publishing/unchecked-publishes.ts';

function scene() {
  const host = { nextNumber: () => 0, callbackReady: () => {}, failedUnseen: () => {} };
  const lookUps: { readonly exchange: string; readonly done: (error: PukaError | undefined) => void }[] = [];
  const added: string[] = [];
  const checked: unknown[] = [];
  const unchecked = new UncheckedPublishes(
    { lookUp: (exchange, done) => lookUps.push({ exchange, done }), add: (exchange) => added.push(exchange) },
    { checked: (operations, missing) => checked.push([operations, missing]) },
  );
  const publish = (exchange: string): PublishOperation => {
    const operation = new PublishOperation(host, 'basic.publish', undefined);
    unchecked.add(operation, exchange);
    return operation;
  };
  return { unchecked, lookUps, added, checked, publish };
}

it('publishes to one exchange wait for one look-up, and go on in their order', () => {
  const { unchecked, lookUps, added, checked, publish } = scene();
  const [first, second] = [publish('e'), publish('e')];
  const other = publish('f');
  expect(lookUps.map(({ exchange }) => exchange)).toEqual(['e', 'f']);
  expect([unchecked.count, unchecked.has('e')]).toEqual([3, true]);
  lookUps[0]?.done(undefined);
  expect(checked).toEqual([[[first, second], undefined]]);
  expect([unchecked.count, unchecked.has('e'), unchecked.has('f'), added]).toEqual([1, false, true, []]);
  expect(unchecked.takeAll()).toEqual([other]);
});

it('an exchange that is not there is named, any other error is left to the publish', () => {
  const { lookUps, added, checked, publish } = scene();
  const missing = new NotFound('no exchange');
  const [first, second] = [publish('e'), publish('f')];
  lookUps[0]?.done(missing);
  lookUps[1]?.done(new AccessRefused('no right'));
  expect(checked).toEqual([
    [[first], missing],
    [[second], undefined],
  ]);
  expect(added).toEqual(['f']);
});

it('what was taken meanwhile hears no answer', () => {
  const { unchecked, lookUps, checked, publish } = scene();
  const operation = publish('e');
  expect(unchecked.takeAll()).toEqual([operation]);
  expect(unchecked.count).toBe(0);
  const again = publish('e');
  lookUps[0]?.done(undefined);
  expect(checked).toEqual([]);
  lookUps[1]?.done(undefined);
  expect(checked).toEqual([[[again], undefined]]);
});

it('those given up are dropped, and the answer is still waited for', () => {
  const { unchecked, lookUps, checked, publish } = scene();
  const operations = ['e', 'e', 'e', 'f'].map(publish);
  for (const at of [0, 2, 3]) operations[at]?.reject(new Error('given up'));
  unchecked.dropSettled();
  expect([unchecked.count, unchecked.has('e'), unchecked.has('f')]).toEqual([1, true, true]);
  const late = publish('e');
  for (const { done } of lookUps) done(undefined);
  expect(checked).toEqual([
    [[operations[1], late], undefined],
    [[], undefined],
  ]);
  expect([unchecked.count, lookUps.length]).toEqual([0, 2]);
});

it('a suspect that waits is known, until it waits no more', () => {
  const { unchecked, lookUps, publish } = scene();
  publish('e');
  expect(unchecked.hasSuspect).toBe(false);
  publish('f').suspect();
  expect(unchecked.hasSuspect).toBe(true);
  lookUps[1]?.done(undefined);
  expect(unchecked.hasSuspect).toBe(false);
});
