import { expect, it } from 'vitest';
import { misplacedTexts } from '../../scripts/recovery-mutants/misplaced-texts.ts';

it('every fault that the tests are tried with has its place in the sources', async () => {
  expect(await misplacedTexts()).toEqual([]);
});
