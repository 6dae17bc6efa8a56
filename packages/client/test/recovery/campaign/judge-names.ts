/** Tries each name that a queue named by the broker goes by: all of them have to lead to the queue of now. */
import { endOf } from '../scene.ts';
import type { Actor, ServerNamed } from './actor.ts';
import type { World } from './world.ts';

/** Old names that are good for something, the first besides. */
export const oldNames = 15;

interface Probe {
  readonly actor: Actor;
  readonly named: ServerNamed;
  readonly name: string;
  readonly text: string;
  readonly operations: readonly { readonly state: string; readonly error: unknown }[];
}

/** @param when is appended to each complaint. */
export async function judgeNames(world: World, when: string): Promise<void> {
  const complain = (text: string): void => world.complain(`${text} (${when})`);
  const probes: Probe[] = [];
  for (const actor of world.actors) {
    if (actor.client.state !== 'connected') continue;
    for (const named of actor.serverNamed)
      if (isThere(world, actor, named)) probes.push(...probesOf(world, actor, named));
  }
  await world.scene.settle();
  await world.settleHeld();
  for (const probe of probes) await judge(world, probe, complain);
}

function isThere(world: World, actor: Actor, { key }: ServerNamed): boolean {
  const { setup, losses, model } = actor;
  if (!model.queues.has(key) || world.isUncertain(key, actor)) return false;
  return setup.recover !== 'none' || losses === 0;
}

function probesOf(world: World, actor: Actor, named: ServerNamed): Probe[] {
  const { client, living } = actor;
  const { key, first, names, declared } = named;
  const own = living.filter(({ keys }) => keys.includes(key)).flatMap(({ consumer }) => consumer.queues);
  const all = new Set([first, declared.queue, ...names.slice(-oldNames), ...own]);
  return [...all].map((name) => {
    const text = `probe ${world.probes++} of ${key} as ${name}`;
    const publish = client.basicPublish({ routingKey: name, replyTo: name, body: text, mandatory: true });
    const look = client.queueDeclare({ queue: name, passive: true });
    for (const operation of [publish, look]) operation.then(undefined, () => {});
    return { actor, named, name, text, operations: [publish, look] };
  });
}

async function judge(
  world: World,
  { actor, named, text, operations }: Probe,
  complain: (text: string) => void,
): Promise<void> {
  const queues = world.scene.broker.queues().filter(({ name }) => world.keyOf(name) === named.key);
  const [queue, ...others] = queues;
  if (queue === undefined) {
    complain(`${named.key} is not there`);
    return;
  }
  // Only of one that is open to all a repeated declare may have left another.
  if (named.kind === 's' && others.length > 0) complain(`${named.key} is there ${queues.length} times`);
  const { queue: now } = named.declared;
  if (!queues.some(({ name }) => name === now)) complain(`${named.key} is ${queue.name}, not ${now}`);
  for (const { consumer, keys } of actor.living) {
    const at = keys.indexOf(named.key);
    if (at >= 0 && consumer.queues[at] !== now)
      complain(`a consumer of ${named.key} says ${consumer.queues[at]}, not ${now}`);
  }
  for (const operation of operations) {
    if (operation.state !== 'fulfilled') complain(`${text} is ${endOf(operation)}`);
  }
  const found = (await world.historyOf(now)).find((message) => message.text() === text);
  if (found === undefined) complain(`${text} did not come`);
  else if (found.properties.replyTo !== now)
    complain(`${text} asks for replies to ${found.properties.replyTo}, not ${now}`);
}
