import { describe, expect, it } from 'vitest';
import {
  type CallForm,
  checkCallback,
  checkNeededOptions,
  checkOptions,
  nearest,
} from '../../src/operations/call-check.ts';

const form: CallForm = {
  call: 'open',
  method: 'open',
  example: 'open({ door: true })',
  options: new Set(['door', 'timeout']),
  flags: ['door'],
};

describe('options', () => {
  it('of the call are taken, also from a prototype and from getters', () => {
    class Options {
      get door(): boolean {
        return true;
      }
    }
    for (const given of [undefined, {}, { door: false, timeout: 5 }, { other: undefined }, new Options()]) {
      expect(() => checkOptions(form, given)).not.toThrow();
    }
    expect(() => checkOptions(form, Object.create({ dor: true }))).toThrow('did you mean door?');
  });

  it('are needed where the call has no other', () => {
    expect(() => checkNeededOptions(form, undefined)).toThrow('open takes one object of options, and got none: open({');
  });

  it('show no value, and a name of 60 characters at most', () => {
    expect(() => checkOptions(form, 'very secret')).not.toThrow(/secret/);
    expect(() => checkOptions(form, { ['x'.repeat(500)]: 'very secret' })).toThrow(/^[^x]*x{60}…(?!.*secret)/);
  });

  it('that are flags are true or false', () => {
    for (const door of [0, 1, 'false', null, {}]) expect(() => checkOptions(form, { door })).toThrow('door of open is');
  });
});

it('a callback is a function', () => {
  expect(() => checkCallback(form, () => {})).not.toThrow();
  for (const wrong of [null, 5, {}, 'later']) expect(() => checkCallback(form, wrong)).toThrow('not a function');
});

describe('the nearest name', () => {
  it.each([
    ['prefetchcount', 'prefetchCount'],
    ['prefetch_count', 'prefetchCount'],
    ['prefetchCuont', 'prefetchCount'],
    ['queu', 'queue'],
    ['qq', undefined],
    ['durability', undefined],
    ['', undefined],
  ])('to %s is %s', (given, meant) => {
    expect(nearest(given, ['queue', 'prefetchCount', 'durable'])).toBe(meant);
  });
});
