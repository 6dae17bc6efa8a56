/** Makes random programs. Must not run them. */
import type { MethodInput } from '@puka/wire';
import fc from 'fast-check';
import { declareQuorumQueue, queueArguments } from './declares.ts';
import { exchangeNames, exchangeTypes } from './names.ts';
import type { Operation, Program } from './operation.ts';
import { queueLife } from './queue-life.ts';
import { step } from './steps.ts';

const place = fc.record({ connection: fc.constantFrom(0, 0, 0, 0, 1, 1, 2), channel: fc.constantFrom(1, 1, 2) });
const operation: fc.Arbitrary<Operation> = fc.tuple(place, step).map(([where, what]) => ({ ...where, ...what }));

/** The scene that most programs begin with, each part of it left out now and then. */
const opening: fc.Arbitrary<Program> = fc
  .tuple(
    fc.oneof(fc.constant({}), queueArguments),
    fc.oneof(fc.constant({}), queueArguments),
    fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 4 }),
    // They are made of files, and slow to come and go.
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(declareQuorumQueue) }),
  )
  .map(([first, second, kept, quorum]) => {
    const methods: MethodInput[] = [
      { type: 'queue.declare', queue: 'qa~', arguments: first },
      { type: 'queue.declare', queue: 'qb~', arguments: second },
      ...exchangeNames.map(
        (name, at): MethodInput => ({
          type: 'exchange.declare',
          exchange: name,
          exchangeType: exchangeTypes[at] ?? '',
        }),
      ),
      { type: 'queue.bind', queue: 'qa~', exchange: 'xf~', routingKey: '' },
      { type: 'queue.bind', queue: 'qb~', exchange: 'xt~', routingKey: 'a.#' },
    ];
    const chosen = [...quorum, ...methods.filter((_method, at) => kept.includes(at))];
    return chosen.map((method): Operation => ({ connection: 0, channel: 1, type: 'method', method }));
  });

/** A program: about anything, or about the life of one queue. @param maxSteps beyond the opening. */
export function programs(maxSteps: number): fc.Arbitrary<Program> {
  return fc.oneof(anything(maxSteps), queueLife(maxSteps));
}

/** Programs about anything, which RabbitMQ does the same each time. @param maxSteps beyond the opening. */
export function anything(maxSteps: number): fc.Arbitrary<Program> {
  return fc
    .tuple(opening, fc.array(operation, { minLength: 3, maxLength: maxSteps, size: 'max' }))
    .map(([first, rest]) => [...first, ...rest]);
}
