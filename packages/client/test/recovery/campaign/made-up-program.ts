/** Makes up a program from a seed. Must not know what a step does. */
import { picked, seededRandom } from '../../seeded.ts';
import {
  type Bound,
  type CallStep,
  type ConsumeStep,
  exchangeKinds,
  type Fault,
  faults,
  namedQueueKinds,
  type Program,
  type PublishStep,
  type QueueKind,
  type Setup,
  type Step,
  serverQueueKinds,
  uponEvents,
} from './steps.ts';

/** Some more often than others. */
const queueKinds: readonly QueueKind[] = ['d', 'd', 't', 't', 'x', 'x', 'a', 'a', 'p', 'w', 's', 's', 's', 'n', 'n'];
/** What ends a connection alone: with nothing else the judges know all that has to be there. */
const cuts: readonly Fault[] = ['drop', 'dropAfterBroker', 'dropAfterClient', 'dropNextBroker', 'dropNextClient'];
/** A program may have no other faults than these: they hide nothing from the judges. */
const plainFaults: readonly Fault[] = [
  ...cuts,
  'forceClose',
  'ghosts',
  'halfOpen',
  'hostDown',
  'vhostDown',
  'storm',
  'clear',
];

/** @param isPrepared it begins with declares, so that there is something to lose from the first fault on. */
export function programOf(seed: number, isPrepared = false): Program {
  const random = seededRandom(seed);
  const clients = random() < 0.6 ? 1 : 2;
  const setups = Array.from({ length: clients }, () => setupOf(random));
  const isNewBroker = random() < 0.15;
  const kinds = random() < 0.4 ? plainFaults : faults;
  const count = 5 + Math.floor(random() ** 2 * 195);
  const isReady = isPrepared || random() < 0.3;
  const steps: Step[] = isReady ? [...setups.flatMap((_setup, client) => setUp(client, random)), { do: 'turn' }] : [];
  for (let left = count; left > 0; left--) {
    const client = Math.floor(random() * clients);
    const step = stepOf(random, client, kinds);
    // What the broker has done, and could not say, is repeated.
    if (step.do === 'fault' && step.fault === 'halfOpen') steps.push({ do: 'declare', client, queue: 'x', choice: 0 });
    steps.push(step);
  }
  return { seed, setups, isNewBroker, steps };
}

function setupOf(random: () => number): Setup {
  return {
    recover: random() < 0.7 ? 'on' : picked(['refuses', 'transient', 'none', 'off'], random),
    hosts: random() < 0.3 ? 'several' : 'one',
    holdsLittle: random() < 0.3,
    asks: random() < 0.3,
  };
}

function setUp(client: number, random: () => number): Step[] {
  const steps: Step[] = [];
  for (const exchange of exchangeKinds) steps.push({ do: 'exchange', client, exchange });
  for (const queue of [...namedQueueKinds, ...serverQueueKinds]) {
    if (random() < 0.3) continue;
    steps.push({ do: 'declare', client, queue, choice: 0 }, { do: 'turn' });
    for (const exchange of exchangeKinds) {
      if (random() < 0.5 && queue !== 'w') steps.push({ do: 'bind', client, queue, choice: 0, exchange });
    }
  }
  const prefetch = 1 + Math.floor(random() * 4);
  const queue = picked(['d', 't', 'x', 's', 'n', 'w'] as const, random);
  steps.push({ do: 'consume', client, queue, choice: 0, prefetch, holds: random() < 0.5 });
  return steps;
}

function stepOf(random: () => number, client: number, kinds: readonly Fault[]): Step {
  const queue = picked(queueKinds, random);
  const exchange = picked(exchangeKinds, random);
  const choice = Math.floor(random() * 10_000);
  const bound = boundOf(random);
  const of = { client, ...(bound === undefined ? {} : { bound }) };
  const makers: readonly (readonly [weight: number, make: () => Step])[] = [
    [10, () => ({ do: 'declare', ...of, queue, choice, ...(random() < 0.2 ? { isStated: true } : {}) })],
    [3, () => ({ do: 'delete', ...of, queue, choice })],
    [1, () => ({ do: 'purge', ...of, queue, choice })],
    [4, () => ({ do: 'get', ...of, queue, choice })],
    [5, () => ({ do: 'exchange', ...of, exchange })],
    [2, () => ({ do: 'exchangeDelete', ...of, exchange })],
    [7, () => ({ do: 'bind', ...of, queue, choice, exchange })],
    [3, () => ({ do: 'unbind', ...of, queue, choice, exchange })],
    [22, () => publishOf(random, of, choice)],
    [8, () => consumeOf(random, of, queue, choice)],
    [2, () => ({ do: 'consumeMulti', ...of, prefetch: choice % 4 })],
    [4, () => ({ do: 'cancel', ...of, choice })],
    [4, () => ({ do: 'qos', ...of, choice })],
    [4, () => ({ do: 'settleOne', client, choice })],
    [2, () => lifeStepOf(random, of)],
    [2, () => ({ do: 'drained', ...of })],
    [2, () => uponOf(random, client)],
    [1, () => ({ do: 'abort', client })],
    [12, () => ({ do: 'turn' })],
    [6, () => ({ do: 'advance', ms: Math.floor(random() ** 3 * 5000) })],
    [9, () => ({ do: 'fault', fault: picked(kinds, random), choice })],
  ];
  let at = random() * makers.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of makers) {
    at -= weight;
    if (at < 0) return make();
  }
  return { do: 'turn' };
}

type Of = Pick<CallStep, 'client' | 'bound'>;

/** Most calls have none. */
function boundOf(random: () => number): Bound | undefined {
  const chance = random();
  if (chance > 0.15) return undefined;
  return chance < 0.04 ? 'signal' : { timeout: Math.floor(random() ** 3 * 3000) };
}

function lifeStepOf(random: () => number, of: Of): Step {
  const chance = random();
  if (chance < 0.5) return { do: 'connect', ...of };
  if (chance < 0.7) return { do: 'close', client: of.client };
  return { do: 'shutdown', client: of.client, timeout: Math.floor(random() ** 2 * 10_000) };
}

function uponOf(random: () => number, client: number): Step {
  return { do: 'upon', client, event: picked(uponEvents, random), call: callOf(random, client) };
}

/** What a listener may do, and closing most of all. */
function callOf(random: () => number, client: number): CallStep {
  if (random() < 0.3) return { do: 'close', client };
  for (;;) {
    const step = stepOf(random, client, plainFaults);
    if (step.do !== 'turn' && step.do !== 'advance' && step.do !== 'fault' && step.do !== 'upon') return step;
  }
}

function publishOf(random: () => number, of: Of, choice: number): PublishStep {
  return {
    do: 'publish',
    ...of,
    to: picked([...queueKinds, ...exchangeKinds, 'd' as const], random),
    choice,
    mandatory: random() < 0.4,
    size: random() < 0.05 ? 200_000 : Math.floor(random() * 200),
  };
}

function consumeOf(random: () => number, of: Of, queue: QueueKind, choice: number): ConsumeStep {
  const chance = random();
  return {
    do: 'consume',
    ...of,
    queue,
    choice,
    // RabbitMQ: a stream wants a limit.
    prefetch: queue === 'w' ? 1 + (choice % 5) : choice % 5,
    holds: random() < 0.4,
    ...(chance < 0.1 ? { exclusive: true } : {}),
    ...(chance > 0.8 ? { priority: 1 + (choice % 3) } : {}),
    ...(chance > 0.3 && chance < 0.45 ? { resubscribe: chance < 0.37 } : {}),
  };
}
