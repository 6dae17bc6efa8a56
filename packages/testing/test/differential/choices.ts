/** How often what is chosen, in random programs. Must not know operations. */
import fc from 'fast-check';
import { exchangeNames, predeclaredNames, queueNames } from './names.ts';

/** True now and then. */
export const often: fc.Arbitrary<boolean> = chance(5);
/** True seldom. */
export const seldom: fc.Arbitrary<boolean> = chance(19);

/** A queue; the empty name is the last one declared on the channel. */
export const queue: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('qa~', 'qb~') },
  { weight: 5, arbitrary: fc.constantFrom(...queueNames) },
  { weight: 3, arbitrary: fc.constant('qq~') },
  { weight: 1, arbitrary: fc.constantFrom('', 'none~', 'amq.mine') },
);
export const exchange: fc.Arbitrary<string> = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(...exchangeNames) },
  { weight: 3, arbitrary: fc.constantFrom(...predeclaredNames) },
  { weight: 1, arbitrary: fc.constantFrom('', 'none~', 'amq.rabbitmq.trace', 'amq.mine') },
);

export const routingKeys: readonly string[] = ['a', 'b', 'a.b', 'a.b.c', '', ...queueNames];
/** Of bindings to topic exchanges. */
export const patterns: readonly string[] = ['a', 'b', '#', '*', 'a.*', 'a.#', '#.c', '*.b.*', '#.b.#', ''];

function chance(not: number): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: not, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
}
