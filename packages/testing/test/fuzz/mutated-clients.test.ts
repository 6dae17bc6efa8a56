import { expect, it } from 'vitest';
import { conversation } from './conversation.ts';
import { MutatedClients } from './mutated-clients.ts';
import { mutated, randomOf } from './mutation.ts';

// Two thousand in all; each of these finds the state that fifty clients before it have left.
it.each(Array.from({ length: 10 }, (_each, index) => 1 + index * 200))(
  'lets no mistake of a mutated client leave its connection, seeds %i and 199 more',
  (seed) => {
    const clients = new MutatedClients();
    clients.run(seed, 200);
    const { refused, worstMs: _told, ...totals } = clients.totals;
    expect(totals).toEqual({ clients: 200, escapes: 0, hangs: 0, leaks: 0, unanswered: 0, seeds: [] });
    // The mutations reach the broker: most of them are mistakes.
    expect(refused).toBeGreaterThan(100);
  },
);

it('mutates in the same way for the same seed, and otherwise for another', () => {
  const of = (seed: number): Uint8Array[] => mutated(conversation, randomOf(seed));
  expect(of(7)).toEqual(of(7));
  expect(of(7)).not.toEqual(of(8));
});
