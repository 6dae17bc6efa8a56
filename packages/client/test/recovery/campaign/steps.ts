/** What a program of the campaign does, step by step, as plain data, and how one is made up from a seed. */
import { picked, seededRandom } from '../../seeded.ts';

/** Queues of a client, by their kind: durable, transient, exclusive, auto-delete. */
export const queueKinds = ['d', 't', 'x', 'a'] as const;
export type QueueKind = (typeof queueKinds)[number];
/** Exchanges of a client: durable and direct, or auto-delete and direct. */
export const exchangeKinds = ['e', 'f'] as const;
export type ExchangeKind = (typeof exchangeKinds)[number];

export type Step =
  | { readonly do: 'declare' | 'delete' | 'purge' | 'get'; readonly client: number; readonly queue: QueueKind }
  | { readonly do: 'exchange' | 'exchangeDelete'; readonly client: number; readonly exchange: ExchangeKind }
  | {
      readonly do: 'bind' | 'unbind';
      readonly client: number;
      readonly queue: QueueKind;
      readonly exchange: ExchangeKind;
    }
  | {
      readonly do: 'publish';
      readonly client: number;
      readonly to: QueueKind | ExchangeKind;
      readonly mandatory: boolean;
      readonly size: number;
    }
  | {
      readonly do: 'consume';
      readonly client: number;
      readonly queue: QueueKind;
      readonly prefetch: number;
      readonly holds: boolean;
    }
  | { readonly do: 'consumeMulti'; readonly client: number; readonly prefetch: number }
  | { readonly do: 'cancel' | 'qos' | 'settleOne'; readonly client: number; readonly choice: number }
  | { readonly do: 'connect' | 'close'; readonly client: number }
  | { readonly do: 'turn' }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'fault'; readonly fault: Fault; readonly choice: number };

export const faults = [
  'drop',
  'dropAfterBroker',
  'dropAfterClient',
  'dropNextBroker',
  'dropNextClient',
  'ghosts',
  'refuse',
  'delay',
  'closeChannels',
  'removeQueue',
  'stopQueue',
  'vhostDown',
  'restart',
  'block',
  'forceClose',
  'reorderConfirms',
  'clear',
] as const;
export type Fault = (typeof faults)[number];

/** A program: who takes part, and what is done. */
export interface Program {
  readonly seed: number;
  readonly clients: number;
  readonly steps: readonly Step[];
}

/** Makes up a program. @param isPrepared it begins with declares, so that there is something to lose from the first fault on. */
export function programOf(seed: number, isPrepared = false): Program {
  const random = seededRandom(seed);
  const clients = random() < 0.6 ? 1 : 2;
  const count = 5 + Math.floor(random() ** 2 * 195);
  const steps: Step[] = isPrepared ? [...setUp(clients, random), { do: 'turn' }] : [];
  for (let left = count; left > 0; left--) steps.push(stepOf(random, Math.floor(random() * clients)));
  return { seed, clients, steps };
}

function setUp(clients: number, random: () => number): Step[] {
  const steps: Step[] = [];
  for (let client = 0; client < clients; client++) {
    for (const exchange of exchangeKinds) steps.push({ do: 'exchange', client, exchange });
    for (const queue of queueKinds) {
      steps.push({ do: 'declare', client, queue });
      for (const exchange of exchangeKinds) if (random() < 0.5) steps.push({ do: 'bind', client, queue, exchange });
    }
    const prefetch = 1 + Math.floor(random() * 4);
    steps.push({ do: 'consume', client, queue: picked(['d', 't', 'x'], random), prefetch, holds: random() < 0.5 });
  }
  return steps;
}

function stepOf(random: () => number, client: number): Step {
  const queue = picked(queueKinds, random);
  const exchange = picked(exchangeKinds, random);
  const choice = Math.floor(random() * 10_000);
  const makers: readonly (readonly [weight: number, make: () => Step])[] = [
    [10, () => ({ do: 'declare', client, queue })],
    [3, () => ({ do: 'delete', client, queue })],
    [1, () => ({ do: 'purge', client, queue })],
    [3, () => ({ do: 'get', client, queue })],
    [5, () => ({ do: 'exchange', client, exchange })],
    [2, () => ({ do: 'exchangeDelete', client, exchange })],
    [7, () => ({ do: 'bind', client, queue, exchange })],
    [3, () => ({ do: 'unbind', client, queue, exchange })],
    [22, () => publishOf(random, client)],
    [8, () => ({ do: 'consume', client, queue, prefetch: choice % 5, holds: random() < 0.4 })],
    [1, () => ({ do: 'consumeMulti', client, prefetch: choice % 4 })],
    [4, () => ({ do: 'cancel', client, choice })],
    [3, () => ({ do: 'qos', client, choice })],
    [4, () => ({ do: 'settleOne', client, choice })],
    [1, () => ({ do: random() < 0.7 ? 'connect' : 'close', client })],
    [12, () => ({ do: 'turn' })],
    [6, () => ({ do: 'advance', ms: Math.floor(random() ** 3 * 5000) })],
    [9, () => ({ do: 'fault', fault: picked(faults, random), choice })],
  ];
  let at = random() * makers.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of makers) {
    at -= weight;
    if (at < 0) return make();
  }
  return { do: 'turn' };
}

function publishOf(random: () => number, client: number): Step {
  return {
    do: 'publish',
    client,
    to: picked([...queueKinds, ...exchangeKinds, 'd' as const], random),
    mandatory: random() < 0.4,
    size: random() < 0.05 ? 200_000 : Math.floor(random() * 200),
  };
}
