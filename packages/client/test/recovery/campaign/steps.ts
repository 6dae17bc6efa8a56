/** What a program of the campaign does, step by step, as plain data. Types and names only. */

/** Queues that the program names: durable, transient, exclusive, auto-delete, with `x-expires`, and a stream. */
export const namedQueueKinds = ['d', 't', 'x', 'a', 'p', 'w'] as const;
/** Queues that the broker names: exclusive, or auto-delete and open to all. */
export const serverQueueKinds = ['s', 'n'] as const;
export type NamedQueueKind = (typeof namedQueueKinds)[number];
export type ServerQueueKind = (typeof serverQueueKinds)[number];
export type QueueKind = NamedQueueKind | ServerQueueKind;
/** Exchanges of a client: durable and direct, or auto-delete and direct. */
export const exchangeKinds = ['e', 'f'] as const;
export type ExchangeKind = (typeof exchangeKinds)[number];

/** A queue without use for so long goes: that of `p`, in milliseconds. */
export const expiresMs = 1500;

/** One of a client's queues. */
export interface QueueChoice {
  readonly queue: QueueKind;
  /** Which one of those that the broker named, and by which of its names. */
  readonly choice: number;
}

/** How a call is given up: after so many milliseconds, or when the step `abort` comes. */
export type Bound = { readonly timeout: number } | 'signal';

interface ByClient {
  readonly client: number;
  readonly bound?: Bound | undefined;
}

export interface PublishStep extends ByClient {
  readonly do: 'publish';
  readonly to: QueueKind | ExchangeKind;
  readonly choice: number;
  readonly mandatory: boolean;
  readonly size: number;
}

export interface ConsumeStep extends ByClient, QueueChoice {
  readonly do: 'consume';
  readonly prefetch: number;
  readonly holds: boolean;
  readonly exclusive?: boolean;
  readonly priority?: number;
  readonly resubscribe?: boolean;
}

/** Events of a client upon which a program calls it. */
export const uponEvents = [
  'retryIf',
  'filter',
  'disconnected',
  'recovering',
  'connected',
  'notRestored',
  'queueRenamed',
  'interrupted',
] as const;

/** What a client is called for. */
export type CallStep =
  | (ByClient & QueueChoice & { readonly do: 'declare'; readonly isStated?: boolean })
  | (ByClient & QueueChoice & { readonly do: 'delete' | 'purge' | 'get' })
  | (ByClient & { readonly do: 'exchange' | 'exchangeDelete'; readonly exchange: ExchangeKind })
  | (ByClient & QueueChoice & { readonly do: 'bind' | 'unbind'; readonly exchange: ExchangeKind })
  | PublishStep
  | ConsumeStep
  | (ByClient & { readonly do: 'consumeMulti'; readonly prefetch: number })
  | (ByClient & { readonly do: 'cancel' | 'qos'; readonly choice: number })
  | (ByClient & { readonly do: 'settleOne'; readonly choice: number })
  | (ByClient & { readonly do: 'connect' | 'close' | 'drained' | 'abort' })
  | (ByClient & { readonly do: 'shutdown'; readonly timeout: number })
  | (ByClient & { readonly do: 'upon'; readonly event: (typeof uponEvents)[number]; readonly call: CallStep });

export type Step =
  | CallStep
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
  'halfOpen',
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
  'cancelConsumers',
  'cancelNewConsumers',
  'hostDown',
  'upgrade',
  'storm',
  'clear',
] as const;
export type Fault = (typeof faults)[number];

/** How a client is set up: what `recover` says, and how many hosts it knows. */
export interface Setup {
  readonly recover: 'on' | 'refuses' | 'transient' | 'none' | 'off';
  readonly hosts: 'one' | 'several';
  /** It may hold little, so that it has to wait for `drained()`. */
  readonly holdsLittle: boolean;
  /** It asks the program whether to try again, and what to make. */
  readonly asks: boolean;
}

/** A program: who takes part, and what is done. */
export interface Program {
  readonly seed: number;
  readonly setups: readonly Setup[];
  /** Whether the broker is a RabbitMQ 4.3 from the start: it takes no queue that is neither durable nor exclusive. */
  readonly isNewBroker: boolean;
  readonly steps: readonly Step[];
}
