/** Hooks outside of any suite: they are for this file's tests alone. */
import { beforeEach, it } from 'vitest';

beforeEach(() => console.log('before b'));
it('b', () => console.log('b'));
