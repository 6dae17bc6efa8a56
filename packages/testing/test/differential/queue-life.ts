/**
 * Programs about the life of one queue: what it is given, hands out and gets back, with dead letters to another. Must not run
 * them.
 */
import type { FieldObjectInput, MethodInput } from '@puka/wire';
import fc from 'fast-check';
import { queueArguments, quorumArguments } from './declares.ts';
import type { Operation, Program } from './operation.ts';
import { asMethod, cancel, close, consumeFrom, getFrom, publishTo, qos, type Step, settle } from './steps.ts';

/** Where dead letters go, now and then. */
const deadLetters: FieldObjectInput = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'qd~' };
const place = fc.record({ connection: fc.constantFrom(0, 0, 0, 1, 2), channel: fc.constantFrom(1, 1, 2) });

/** A queue with what it is declared with, of either type. */
const declared: fc.Arbitrary<MethodInput & { readonly queue: string }> = fc
  .tuple(
    fc.oneof(
      queueArguments.map((args) => ({ queue: 'qa~', durable: false, args })),
      quorumArguments.map((args) => ({ queue: 'qq~', durable: true, args })),
    ),
    fc.boolean(),
  )
  .map(([{ queue, durable, args }, isDeadLettered]) => ({
    ...{ type: 'queue.declare', queue, durable },
    arguments: { ...args, ...(isDeadLettered ? deadLetters : {}) },
  }));

/** What is called on the first channel before anything else. */
const mode: fc.Arbitrary<readonly MethodInput[]> = fc.constantFrom<readonly MethodInput[]>(
  [],
  [],
  [{ type: 'confirm.select' }],
  [{ type: 'tx.select' }],
);

/** A program. @param maxSteps beyond its opening. */
export function queueLife(maxSteps: number): fc.Arbitrary<Program> {
  return fc.tuple(declared, mode).chain(([declare, modes]) => {
    const opening: MethodInput[] = [declare, { type: 'queue.declare', queue: 'qd~' }, ...modes];
    const isTransacted = modes.some(({ type }) => type === 'tx.select');
    const operation = fc
      .tuple(place, stepOf(declare, isTransacted))
      .map(([where, what]): Operation => ({ ...where, ...what }));
    return fc
      .array(operation, { minLength: 5, maxLength: maxSteps, size: 'max' })
      .map((rest) => [
        ...opening.map((method): Operation => ({ connection: 0, channel: 1, type: 'method', method })),
        ...rest,
      ]);
  });
}

function stepOf(declare: MethodInput & { readonly queue: string }, isTransacted: boolean): fc.Arbitrary<Step> {
  const { queue } = declare;
  const name = fc.oneof({ weight: 9, arbitrary: fc.constant(queue) }, { weight: 1, arbitrary: fc.constant('qd~') });
  const ends: fc.Arbitrary<MethodInput> = fc.constantFrom<MethodInput>({ type: 'tx.commit' }, { type: 'tx.rollback' });
  return fc.oneof(
    { weight: 30, arbitrary: publishTo(queue) },
    { weight: 12, arbitrary: getFrom(name) },
    { weight: 12, arbitrary: consumeFrom(name) },
    { weight: 26, arbitrary: settle },
    { weight: 5, arbitrary: cancel },
    { weight: 5, arbitrary: qos },
    { weight: isTransacted ? 12 : 0, arbitrary: asMethod(ends) },
    { weight: 3, arbitrary: asMethod(fc.constant({ type: 'basic.recover', requeue: true })) },
    { weight: 1, arbitrary: asMethod(fc.constant({ type: 'queue.purge', queue })) },
    { weight: 1, arbitrary: asMethod(fc.constant({ type: 'queue.delete', queue })) },
    { weight: 1, arbitrary: asMethod(fc.constant(declare)) },
    { weight: 3, arbitrary: close },
  );
}
