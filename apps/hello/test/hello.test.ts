import { expect, inject, it } from 'vitest';
import { hello } from '../src/hello.ts';
import { drawProgress } from '../src/picture.ts';

it('brings every line round, in order', async () => {
  const lines = Array.from({ length: 2500 }, (_, index) => `line ${index} ${'é'.repeat(index % 50)}`);
  const result = await hello(inject('amqpUrl'), lines, () => {});
  expect(result).toMatchObject({ total: 2500, sent: 2500, confirmed: 2500, received: 2500 });
  expect(result.receivedChecksum).toBe(result.sentChecksum);
});

it('draws full bars at the end', () => {
  const picture = drawProgress({ total: 10, sent: 10, confirmed: 10, received: 10 }).join('\n');
  expect(picture).not.toContain('.]');
  expect(picture).toContain('( 0 on their way )');
});
