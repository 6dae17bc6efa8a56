/** The queues that a program knows, by the names that it may call them by. Must not ask the client what it knows. */
import type { Actor, ServerNamed } from './actor.ts';
import type { QueueChoice } from './steps.ts';

/** Old names that a program goes on with: more than so many connections are hardly lost under one call. */
const namesInUse = 8;

/** A queue of a client, by the program's key and by one of its names. */
export interface Queue {
  readonly key: string;
  readonly name: string;
}

/** @returns `undefined` where the broker has named none so far. */
export function queueOf({ queue, choice }: QueueChoice, actor: Actor): Queue | undefined {
  if (queue !== 's' && queue !== 'n') return { key: `${queue}${actor.index}`, name: `${queue}${actor.index}` };
  const all = actor.serverNamed.filter(({ kind }) => kind === queue);
  const named = all[choice % Math.max(1, all.length)];
  return named === undefined ? undefined : { key: named.key, name: nameOf(named, actor, choice) };
}

/** One of the names by which a program may call a queue that the broker has named. */
function nameOf({ key, first, names, declared }: ServerNamed, { living }: Actor, choice: number): string {
  switch (choice % 5) {
    case 0:
      return declared.queue;
    case 1:
      return names.slice(-namesInUse)[choice % Math.min(namesInUse, names.length)] ?? first;
    case 2:
      return living.find(({ keys }) => keys[0] === key)?.consumer.queue ?? first;
    default:
      return first;
  }
}
