/** A program that ends in the middle of a test. */
import { it } from 'vitest';

it('ends', () => {
  console.log('it was too much');
  process.exit(7);
});
