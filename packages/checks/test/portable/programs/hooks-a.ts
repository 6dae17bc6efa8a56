/** Hooks outside of any suite: they are for this file's tests alone. */
import { afterAll, beforeAll, beforeEach, it } from 'vitest';

beforeAll(() => console.log('beforeAll a'));
afterAll(() => console.log('afterAll a'));
beforeEach(() => console.log('before a'));
it('a', () => console.log('a'));
