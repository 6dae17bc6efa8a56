/** Judges what became of publishes: where they came, in which order, and how often. */
import { endOf } from '../scene.ts';
import type { Published } from './actor.ts';
import { oldNames } from './judge-names.ts';
import type { World } from './world.ts';

/** Complains of publishes that came nowhere, too often or out of order. */
export async function judgePublishes(world: World): Promise<void> {
  const histories = new Map<string, readonly string[]>();
  for (const name of [...world.names, ...world.keyOfName.keys()]) {
    histories.set(
      name,
      (await world.historyOf(name)).map((message) => message.text()),
    );
  }
  judgeRoutes(world, histories);
  for (const [name, bodies] of histories) {
    if (!world.unsafeQueues.has(name)) judgeOrder(world, name, bodies);
    judgeCopies(world, name, bodies);
  }
}

/** What was confirmed is in the queues of its route; what was not sent is nowhere. */
function judgeRoutes(world: World, histories: ReadonlyMap<string, readonly string[]>): void {
  const seen = new Set([...histories.values()].flat());
  const byKey = new Map<string, Set<string>>();
  for (const [name, bodies] of histories) {
    const key = world.keyOf(name) ?? name;
    const known = byKey.get(key) ?? new Set();
    for (const body of bodies) known.add(body);
    byKey.set(key, known);
  }
  for (const published of world.published) {
    const { text, operation, body, mandatory, queue, actor } = published;
    const isLasting =
      queue !== undefined &&
      !world.unsafeQueues.has(queue) &&
      !isLost(queue, actor.setup.recover) &&
      !isForgotten(published);
    const end = endOf(operation);
    const short = `${text} ${body.slice(0, 8)}`;
    const hasCome = isLasting ? byKey.get(queue)?.has(body) === true : seen.has(body);
    if (end === 'fulfilled' && (mandatory || isLasting) && !hasCome) world.complain(`confirmed and nowhere: ${short}`);
    if (end.endsWith('not-sent') && seen.has(body)) world.complain(`not sent, and there: ${short}`);
  }
}

/** Whether a queue goes with its connection, and the client does not make it again. */
function isLost(key: string, recover: string): boolean {
  return key.startsWith('s') && (recover === 'none' || recover === 'off');
}

/** Whether the name that its queue had at the call may not be translated any more: the first one and the last ones are. */
function isForgotten({ queue, actor, lossesBefore }: Published): boolean {
  return queue?.startsWith('s') === true && actor.losses - lossesBefore >= oldNames;
}

/** A publish goes out once over each connection, and once more where its channel was closed. */
function judgeCopies(world: World, name: string, bodies: readonly string[]): void {
  const { mistakes } = world.scene.broker;
  const closes = world.program.steps.filter(
    (step) => step.do === 'fault' && (step.fault === 'closeChannels' || step.fault === 'refuse'),
  ).length;
  const copies = new Map<string, number>();
  for (const body of bodies) copies.set(body, (copies.get(body) ?? 0) + 1);
  for (const { body, text, actor, lossesBefore } of world.published) {
    const found = copies.get(body) ?? 0;
    const most = 1 + actor.losses - lossesBefore + closes * 2 + mistakes.length;
    if (found > most) world.complain(`${name} got ${found} copies, not ${most}: ${text} ${body.slice(0, 8)}`);
  }
}

/** The first copies of what one client sends to one queue come in the order of its calls. */
function judgeOrder(world: World, name: string, bodies: readonly string[]): void {
  const direct = new Set(world.published.filter(({ queue }) => queue === name).map(({ body }) => body));
  let last = -1;
  for (const body of new Set(bodies)) {
    if (!direct.has(body)) continue;
    const index = Number.parseInt(body, 10);
    if (index < last) {
      world.complain(`${name} got ${index} behind ${last}`);
      return;
    }
    last = index;
  }
}
