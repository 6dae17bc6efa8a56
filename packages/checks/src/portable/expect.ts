/** `expect`, put together from vitest's own parts: the same matchers, the same messages. It must not add any. */
import type { ExpectStatic } from '@vitest/expect';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  ChaiStyleAssertions,
  chai,
  customMatchers,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(ChaiStyleAssertions);
chai.use(JestAsymmetricMatchers);

function createExpect(): ExpectStatic {
  const plain = (value: unknown, message?: string): unknown => chai.expect(value, message);
  const asymmetric: unknown = Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT);
  const made: unknown = Object.assign(plain, chai.expect, asymmetric);
  if (!isExpect(made)) throw new Error('the parts of @vitest/expect do not fit together');
  // The matchers look the state up by the global expect.
  Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: made, writable: true, configurable: true });
  const state = { assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null };
  setState(
    { ...state, expectedAssertionsNumber: null, expectedAssertionsNumberErrorGen: null, suppressedErrors: [] },
    made,
  );
  // chai's own takes the expect as its first argument, ours is called as vitest's users do.
  const extendChai: unknown = Reflect.get(chai.expect, 'extend');
  if (typeof extendChai !== 'function') throw new Error('@vitest/expect exports no extend');
  made.extend = (matchers) => Reflect.apply(extendChai, chai.expect, [made, matchers]);
  made.extend(customMatchers);
  return made;
}

function isExpect(value: unknown): value is ExpectStatic {
  return typeof value === 'function' && 'extend' in value && 'any' in value;
}

export const expect: ExpectStatic = createExpect();
