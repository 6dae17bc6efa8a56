/** Closes the clients and judges the end: how promises settled, which events came, and what is left behind. */
import { getEventListeners } from 'node:events';
import { endOf, eventGrammar } from '../scene.ts';
import type { Actor, Started } from './actor.ts';
import type { World } from './world.ts';

/** Errors that a program may mean, or that a fault of its may cause. */
const expectedCodes: ReadonlySet<string> = new Set([
  'ACCESS_REFUSED',
  'AUTHENTICATION_FAILED',
  'CONNECTION_BROKEN',
  'CONNECTION_FORCED',
  'CONSUMER_CANCELLED',
  'GIVEN_UP',
  'HANDSHAKE_TIMEOUT',
  'INTERNAL_ERROR',
  'NOT_FOUND',
  'NO_ROUTE',
  'OPERATION_TIMEOUT',
  'PRECONDITION_FAILED',
  'RESOURCE_LOCKED',
  'USAGE_ERROR',
]);

/** Complains of calls whose outcome is wrong or missing. */
export async function judgeEnds(world: World): Promise<void> {
  const { scene } = world;
  const closing = world.actors.map(({ client }) => client.close());
  await scene.settle();
  await scene.advance(20_000);
  for (const operation of closing) if (operation.state !== 'fulfilled') world.complain('close() does not settle');
  for (const actor of world.actors) {
    judgePromises(world, actor);
    judgeEvents(world, actor);
    const listeners = getEventListeners(actor.controller.signal, 'abort').length;
    if (listeners > 0) world.complain(`client ${actor.index} has left ${listeners} listeners at a signal`);
  }
  if (scene.sockets !== 0 || scene.timers !== 0)
    world.complain(`left: ${scene.sockets} sockets, ${scene.timers} timers`);
  if (scene.warnings.length > 0) world.complain(`warned: ${scene.warnings.map(String).join(' ')}`);
  judgeMistakes(world);
}

function judgePromises(world: World, { started, setup }: Actor): void {
  for (const each of started) {
    const { text, operation, settled, startedAtMs, settledAtMs = Number.POSITIVE_INFINITY } = each;
    const end = endOf(operation);
    const [code = ''] = end.split(' ');
    const isOfLimit = code === 'LIMIT_EXCEEDED' && setup.holdsLittle;
    // Of a stream.
    const isUnsupported = code === 'AMQP_NOT_IMPLEMENTED' && /"queue":"w"|^{"do":"settleOne"/.test(text);
    if (settled !== 1) world.complain(`settled ${settled} times, ${end}: ${text}`);
    else if (code !== 'fulfilled' && !expectedCodes.has(code) && !isOfLimit && !isUnsupported) {
      world.complain(`${end}: ${text}`);
    }
    judgeLocked(world, each, code);
    judgeMissing(world, each, code);
    const timeout: unknown = JSON.parse(text).timeout ?? JSON.parse(text).bound?.timeout;
    if (typeof timeout === 'number' && settledAtMs - startedAtMs > timeout) {
      world.complain(`took ${settledAtMs - startedAtMs} ms: ${text}`);
    }
  }
}

/** A queue of its own, that the broker has named, is there whenever a client has a connection, by all its names. */
function judgeMissing(world: World, { text, actor, key = '' }: Started, code: string): void {
  const { recover } = actor.setup;
  if (code !== 'NOT_FOUND' || !key.startsWith('s') || recover === 'none' || recover === 'off') return;
  if (!world.closesChannels && !world.isUncertain(key, actor) && !world.unsafeQueues.has(key))
    world.complain(`${key} was not found: ${text}`);
}

/** A declare that was under way at a loss may have made the queue: it waits until the broker has found the connection dead. */
function judgeLocked(
  world: World,
  { text, lossesBefore, lossesBehind, wasConnected, life }: Started,
  code: string,
): void {
  const isRepeated = wasConnected && lossesBehind > lossesBefore && life === 0;
  if (code !== 'RESOURCE_LOCKED' || !isRepeated || world.isAllTainted) return;
  // While suspects of a 541 are sent one by one, all others wait: it may not have been sent before.
  if (world.isNewBroker) return;
  if (/"do":"declare"/.test(text)) world.complain(`a repeated declare was locked: ${text}`);
}

function judgeEvents(world: World, { events }: Actor): void {
  for (const life of `${events.join(' ')} `.split(/(?<=closed )/)) {
    if (life.trim() !== '' && !eventGrammar.test(life)) world.complain(`events: ${life}`);
  }
}

function judgeMistakes(world: World): void {
  for (const { replyCode, replyText, method } of world.scene.broker.mistakes) {
    const isOfStream = replyCode === 540 && /stream/.test(replyText);
    // What was declared by the old broker, unstated, is durable by the new one.
    const isOfUpgrade = world.isNewBroker && /inequivalent arg 'durable'/.test(replyText);
    const isMeant = replyCode === 404 || replyCode === 405 || /in exclusive use/.test(replyText);
    if (!isMeant && !isOfStream && !isOfUpgrade) world.complain(`mistake: ${method} ${replyText}`);
  }
}
