/**
 * Judges what clients have when nothing is due any more: a connection, nothing held, each consumer once, and the topology
 * that the naive model says.
 */
import type { Actor, Subscribed } from './actor.ts';
import { exchangeKinds } from './steps.ts';
import { retryForMs, type World } from './world.ts';

/** Consumers of a client that have channels of their own. */
const mostOwnChannels = 8;

/** @param when is appended to each complaint. */
export function judgeClients(world: World, when: string): void {
  const complain = (text: string): void => world.complain(`${text} (${when})`);
  for (const actor of world.actors) {
    judgeState(actor, complain);
    judgePromises(actor, complain);
    judgeEnds(actor, complain);
    judgeLost(world, actor, complain);
    judgeStreams(world, actor, complain);
    judgeUnused(world, actor, complain);
    if (actor.client.state === 'connected') judgeTopology(world, actor, complain);
  }
  judgeConsumers(world, complain);
}

type Complain = (text: string) => void;

function judgeState({ client, index, events, setup, living }: Actor, complain: Complain): void {
  const isOver = setup.recover === 'off' && client.state === 'idle';
  if (client.state !== 'connected' && !isOver) complain(`client ${index} is ${client.state}: ${events.join(' ')}`);
  if (isOver && living.length > 0) complain(`client ${index} is idle, and has ${living.length} consumers`);
  const { held, retrying } = client.recovery;
  const isHolding = held.bytes + held.operations + held.publishes > 0;
  if (isHolding) complain(`client ${index} holds ${JSON.stringify(held)}`);
  if (client.metrics().publishes.open > 0) complain(`client ${index} has open publishes`);
  if (client.needsDrain) complain(`client ${index} needs drain`);
  for (const { entity } of retrying) complain(`client ${index} retries, with nothing due: ${JSON.stringify(entity)}`);
}

function judgePromises({ started }: Actor, complain: Complain): void {
  for (const { operation, text } of started) if (operation.state === 'pending') complain(`is open: ${text}`);
}

function judgeEnds({ consumers }: Actor, complain: Complain): void {
  for (const { consumer, isTold, keys } of consumers) {
    if (consumer.isEnded && !isTold) complain(`the end of a consumer of ${keys} was not told`);
  }
}

/** Nothing but the program, and what the client says that it does not survive, ends a consumer that was subscribed. */
function judgeLost(world: World, actor: Actor, complain: Complain): void {
  const { setup, consumers, model } = actor;
  if (setup.recover === 'none' || setup.recover === 'off' || world.isAllTainted) return;
  // Those that share a channel look for their queue over another, which RabbitMQ has no reason to close: the fault does.
  if (world.closesChannels && consumers.length > mostOwnChannels) return;
  for (const { consumer, keys, tags, isCalledOff, comesBack, endedAtMs = 0 } of consumers) {
    if (!consumer.isEnded || isCalledOff || consumer.ready.state !== 'fulfilled') continue;
    if (world.cancelsConsumers && !comesBack) continue;
    const isTrying = (key: string): boolean => endedAtMs < (world.stoppedAtMs.get(key) ?? 0) + retryForMs;
    const staysBy = (key: string): boolean => {
      // What is not recorded is not made again; an exclusive consumer keeps the others out.
      if (!model.queues.has(key) || world.exclusiveKeys.has(key) || world.deletedKeys.has(key)) return false;
      if (world.hasBeenUpgraded && /^[atn]/.test(key)) return false;
      // It goes with its last consumer, or expires before it has one again, as if an operator had deleted it.
      if (world.cancelsConsumers && /^[anp]/.test(key)) return false;
      if (setup.recover === 'transient' && key.startsWith('p')) return false;
      return world.stoppedAtMs.has(key) ? isTrying(key) : !world.unsafeQueues.has(key);
    };
    if (keys.every(staysBy)) complain(`${tags} of ${keys} has ended: ${JSON.stringify(consumer)}`);
  }
}

/** Each consumer that has not ended has one subscription a queue, as it was asked for, and the broker has no other. */
function judgeConsumers(world: World, complain: Complain): void {
  const expected = new Map<string, string[]>();
  const there = new Map<string, string[]>();
  const add = (lists: Map<string, string[]>, key: string, text: string): void => {
    lists.set(key, [...(lists.get(key) ?? []), text]);
  };
  const unknown = new Set<string>();
  for (const subscribed of world.actors.flatMap(({ living }) => living)) {
    if (!subscribed.isPrefetchKnown) for (const tag of subscribed.tags) unknown.add(tag);
    for (const [at, key] of subscribed.keys.entries()) add(expected, key, asExpected(subscribed, at, unknown));
  }
  for (const { name, consumers, ready, unacked, type } of world.scene.broker.queues()) {
    const key = world.keyOf(name) ?? name;
    for (const { consumerTag, prefetchCount, exclusive } of consumers) {
      const priority = world.priorities.get(consumerTag);
      add(there, key, asText(consumerTag, unknown.has(consumerTag) ? '?' : prefetchCount, exclusive, priority));
    }
    if (consumers.length > 0 && ready + unacked > 0 && type !== 'stream') {
      complain(`${key} has consumers, and keeps ${ready} ready, ${unacked} unacked`);
    }
  }
  for (const key of new Set([...expected.keys(), ...there.keys()])) {
    const found = (there.get(key) ?? []).sort().join(', ');
    const wanted = (expected.get(key) ?? []).sort().join(', ');
    if (found !== wanted) complain(`${key} has consumers ${found}; the program ${wanted}`);
  }
}

function asExpected(
  { tags, prefetch, isExclusive, priority }: Subscribed,
  at: number,
  unknown: ReadonlySet<string>,
): string {
  const tag = tags[at] ?? '';
  return asText(tag, unknown.has(tag) ? '?' : prefetch, isExclusive, priority);
}

function asText(tag: string, prefetch: number | '?', isExclusive: boolean, priority: number | undefined): string {
  return `${tag} prefetch ${prefetch}${isExclusive ? ' exclusive' : ''}${priority === undefined ? '' : ` priority ${priority}`}`;
}

/** Each consumer of a stream has read all of it. */
function judgeStreams(world: World, { living }: Actor, complain: Complain): void {
  for (const { keys, tags, offsets } of living) {
    const [key = ''] = keys;
    if (!key.startsWith('w') || world.unsafeQueues.has(key)) continue;
    const count = world.scene.broker.queue(key)?.ready ?? 0;
    const read = new Set(offsets).size;
    if (read !== count) complain(`${tags} has read ${read} of ${count} messages of ${key}`);
  }
}

/** Nothing keeps a queue with `x-expires` that is not used, nor makes it again. */
function judgeUnused(world: World, { index, living }: Actor, complain: Complain): void {
  const key = `p${index}`;
  if (living.some(({ keys }) => keys.includes(key))) return;
  if (world.scene.broker.queue(key) !== undefined) complain(`${key} is there, and nobody uses it`);
}

function judgeTopology(world: World, actor: Actor, complain: Complain): void {
  const { model, index } = actor;
  const { broker } = world.scene;
  const keys = (names: readonly string[]): string[] => {
    const found = names.map((name) => world.keyOf(name)).filter((key) => key !== undefined);
    return [...new Set(found)].filter((key) => key.startsWith(String(index), 1));
  };
  const queues = keys(broker.queues().map(({ name }) => name));
  const exchanges = keys(broker.exchanges().map(({ name }) => name));
  const bindings = new Set<string>();
  for (const { source, destination } of broker.bindings()) {
    const [queue, exchange] = [...keys([destination]), ...keys([source])];
    if (queue !== undefined && exchange !== undefined) bindings.add(`${queue}|${exchange}`);
  }
  const isCertain = (key: string): boolean => !isLeftToChance(world, actor, key);
  const compare = (what: string, there: Iterable<string>, declared: Iterable<string>): void => {
    const areCertain = (key: string): boolean => key.split('|').every(isCertain);
    const found = [...there].filter(areCertain).sort();
    const wanted = [...declared].filter(areCertain).sort();
    // What is durable outlives a client that has closed.
    const seen = actor.life === 0 ? found : found.filter((key) => wanted.includes(key));
    if (`${seen}` !== `${wanted}`) complain(`${what} of client ${index}: ${found}; declared were ${wanted}`);
    const back = found.filter((key) => model.gone.has(key));
    if (back.length > 0) complain(`${what} of client ${index} are back: ${back}`);
  };
  compare('queues', queues, model.queues);
  compare('exchanges', exchanges, model.exchanges);
  // What was declared in an earlier life is not made again in this one.
  const isOfThisLife = (end: string): boolean => model.queues.has(end) || model.exchanges.has(end);
  const declared = [...model.bindings].filter((key) => actor.life === 0 || key.split('|').every(isOfThisLife));
  compare('bindings', bindings, declared);
  judgeRecord(world, actor, complain);
}

/** Whether the model does not know what became of it. */
function isLeftToChance(world: World, actor: Actor, key: string): boolean {
  const { model, setup, losses } = actor;
  if (world.isUncertain(key, actor) || key.startsWith('p')) return true;
  // Nothing but what is durable outlives a connection.
  if (setup.recover === 'none' && losses > 0 && !/^[dew]/.test(key)) return true;
  if (!key.startsWith('f')) return false;
  const bound = [...model.everBound].filter((binding) => binding.endsWith(`|${key}`));
  // A binding of an earlier life may be there, of which this one knows nothing.
  if (actor.life > 0 && bound.length > 0) return true;
  return bound.some((binding) => isLeftToChance(world, actor, binding.slice(0, binding.indexOf('|'))));
}

function judgeRecord(world: World, actor: Actor, complain: Complain): void {
  const { model, client, index, setup } = actor;
  if (world.isAllTainted || model.tainted.size > 0 || setup.recover === 'off') return;
  const isExpiring = (key: string): boolean => key.startsWith('p');
  const { recorded } = client.recovery;
  const bindings = [...model.bindings];
  // Whether those that expire are recorded still does not matter, nor what goes with them.
  const expiring = {
    exchanges: exchangeKinds.filter((kind) => kind === 'f' && model.everBound.has(`p${index}|f${index}`)).length,
    queues: [...model.queues].filter(isExpiring).length,
    bindings: bindings.filter(isExpiring).length,
  };
  const most = { exchanges: model.exchanges.size, queues: model.queues.size, bindings: bindings.length };
  const isWithin = (kind: keyof typeof most): boolean =>
    recorded[kind] <= most[kind] && recorded[kind] >= most[kind] - expiring[kind];
  if (!isWithin('exchanges') || !isWithin('queues') || !isWithin('bindings')) {
    complain(`client ${index} has recorded ${JSON.stringify(recorded)}; declared were ${JSON.stringify(most)}`);
  }
}
