/** Tests of every kind, for the runner to run; some fail, which is what its own test looks for. */
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
  test,
  vi,
} from 'vitest';

const url: unknown = Reflect.apply(inject, undefined, ['amqpUrl']);
const steps: string[] = [];

describe('hooks', () => {
  beforeAll(() => void steps.push('beforeAll'));
  beforeEach(() => void steps.push('beforeEach'));
  afterEach(() => void steps.push('afterEach'));
  afterAll(() => console.log(`steps: ${steps.join(' ')}`));

  it('run around a test', () => {
    onTestFinished(() => void steps.push('finished'));
    steps.push('test');
  });

  describe('of an outer suite', () => {
    beforeEach(() => void steps.push('inner'));
    it('come first', () => void steps.push('test'));
  });
});

describe.each(['a', 'b'])('suite %s', (letter) => {
  it.each([
    [1, 2],
    [3, 4],
  ])('%i and %i', (one, two) => {
    expect(two - one).toBe(1);
    expect(letter).toMatch(/[ab]/);
  });
});

test.each([{ name: 'x' }])('row $name', ({ name }) => expect(name).toBe('x'));
test.each([1])('number %s', { timeout: 10_000 }, (number) => expect(number).toBe(1));
it.skipIf(true)('is left out', () => expect.unreachable());
it.runIf(false)('is left out too', () => expect.unreachable());
it.runIf(true)('is given what was provided', () => expect(url).toBe('amqp://given'));
it('has the matchers', async () => {
  expect({ a: [1, Uint8Array.of(1)] }).toEqual({ a: [expect.any(Number), Uint8Array.of(1)] });
  expect({ a: 1, b: 2 }).toMatchObject({ a: 1 });
  await expect(Promise.reject(new Error('no'))).rejects.toThrow('no');
});
it('has spies', () => {
  const spy = vi.fn((value: number) => value + 1);
  expect(spy(1)).toBe(2);
  expect(spy).toHaveBeenCalledWith(1);
});

describe('failures', () => {
  it('is wrong', () => expect(1).toBe(2));
  it('never ends', () => new Promise(() => undefined), 20);
  it('fails in its hook', () => {
    onTestFinished(() => {
      throw new Error('after the test');
    });
  });
  describe('a suite whose beforeAll fails', () => {
    beforeAll(() => {
      throw new Error('before all');
    });
    it('is not run', () => void console.log('it was run'));
  });
});
