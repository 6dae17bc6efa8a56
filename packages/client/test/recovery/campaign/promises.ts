/** Follows the promises of a program's calls: how often each settles, and when. Has the models follow what is granted. */
import type { Operation } from '../../../src/operations/operation.ts';
import type { OperationOptions } from '../../../src/operations/operation-options.ts';
import type { Actor, Started } from './actor.ts';
import type { Bound, CallStep } from './steps.ts';
import type { World } from './world.ts';

/** These do not wait for a connection, nor fail without one. */
const neverRefused: ReadonlySet<string> = new Set(['connect', 'close', 'shutdown', 'cancel', 'drained']);

/** The promises of one program, and what their outcomes change in the model. */
export class Promises {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** A call has been made. */
  start(step: CallStep, actor: Actor, operation: Operation<unknown>): Started {
    const { wrong, scene } = this.world;
    const text = JSON.stringify(step);
    const { losses: lossesBefore, client, life } = actor;
    const when = {
      life,
      lossesBefore,
      lossesBehind: lossesBefore,
      wasConnected: client.state === 'connected',
      startedAtMs: scene.clock.now(),
    };
    const started: Started = { text, operation, actor, key: undefined, settled: 0, settledAtMs: undefined, ...when };
    actor.started.push(started);
    const refuses = actor.setup.recover === 'refuses' && actor.client.state === 'recovering';
    if (refuses && !neverRefused.has(step.do) && operation.state !== 'rejected') {
      wrong.push(`not refused while there is no connection: ${text}`);
    }
    // At once: before a promise is seen to settle, the same turn may lose the connection.
    operation.whenSettled(() => {
      started.lossesBehind = actor.losses;
    });
    const count = (): void => {
      started.settled++;
      started.settledAtMs = scene.clock.now();
    };
    operation.then(count, count);
    return started;
  }

  /** Something that the model follows once the broker has said ok. */
  change(
    step: CallStep,
    actor: Actor,
    operation: Operation<unknown>,
    keys: readonly string[],
    apply: () => void,
  ): void {
    const { life, losses, model } = actor;
    const { wasConnected } = this.start(step, actor, operation);
    for (const key of keys) actor.noteChange(key, operation);
    operation.then(
      () => {
        if (actor.life !== life) return;
        apply();
        // Their answers are delayed apart: which of the two took effect last is not known.
        if (this.world.hasDelays) model.taint(...keys.filter((key) => actor.overlapping.has(key)));
        // With the connection went what it took along, and came back what was called for meanwhile, in no order of these two.
        const isLate = !wasConnected || actor.losses !== losses;
        if (isLate && (step.do === 'delete' || step.do === 'unbind')) model.taint(`f${actor.index}`);
      },
      (error: unknown) => {
        // What was being deleted is left out of the replay, and comes back with the next one or when it is missed.
        const wasLeftOut = step.do === 'delete' && (!wasConnected || actor.losses > losses);
        if (wasLeftOut || !isHarmless(error)) model.taint(...keys);
      },
    );
  }

  /** A queue with `x-expires` has been used. */
  used(actor: Actor, key: string): void {
    if (key.startsWith('p') && actor.model.queues.has(key)) actor.usedAtMs.set(key, this.world.scene.clock.now());
  }
}

/** Whether the call has certainly done nothing. */
export function isHarmless(error: unknown): boolean {
  const { outcome } = error as { readonly outcome?: string }; // Every error of the client's has one.
  return outcome === 'not-sent' || outcome === 'refused';
}

/** As the step says that the call is given up. */
export function boundsOf(bound: Bound | undefined, actor: Actor): OperationOptions {
  if (bound === undefined) return {};
  return bound === 'signal' ? { signal: actor.controller.signal } : bound;
}
