/**
 * Recovery as the rest of a client sees it: its options, the record of what was declared, and the state of all of it.
 * Makes the parts and decides nothing: recovery plans the attempts, the replay makes the topology again.
 */
import { ConnectionBroken, LimitExceeded, type PukaError } from '@puka/errors';
import type { ClientState } from '../connection/client-states.ts';
import type { ConnectionInfo } from '../session/index.ts';
import { DeclaredTopology, type DeclaredTopologyHost } from '../topology/declared-topology.ts';
import { type CompleteRecoverOptions, completeRecoverOptions, type RecoverOptions } from './recover-options.ts';
import { Recovery, type RecoveryHost, type RecoveryReport } from './recovery.ts';
import { Replay, type ReplayHost } from './replay.ts';
import type { RecoverySnapshot } from './snapshot.ts';

/** What it needs of its client. */
export interface ClientRecoveryHost extends RecoveryHost, ReplayHost {
  readonly failures: ReplayHost['failures'];
  readonly life: RecoveryHost['life'] & { readonly state: ClientState };
  readonly users: RecoveryHost['users'] &
    ReplayHost['users'] & {
      /** Operations that wait for the next connection. */
      readonly heldOperations: number;
      /** Bytes of publishes without an outcome. */
      readonly openBytes: number;
      readonly publisher: { readonly outstanding: number };
    };
}

/** Recovery of one client. */
export class ClientRecovery implements DeclaredTopologyHost {
  /** As the option `recover`; `undefined` if the client does not recover. */
  readonly options: CompleteRecoverOptions | undefined;
  /** The record of what was declared; `undefined` if the client does not recover. */
  readonly topology: DeclaredTopology | undefined;
  /** For the lifecycle. */
  readonly reconnection: Recovery;
  /** How long subscribing again is tried, and the delays between the tries, in milliseconds. */
  readonly patience: { readonly minDelay: number; readonly maxDelay: number; readonly retryFor: number };
  private readonly replay: Replay | undefined;
  readonly #host: ClientRecoveryHost;

  /** @throws {UsageError} for an option out of its range. */
  constructor(recover: boolean | RecoverOptions | undefined, random: () => number, host: ClientRecoveryHost) {
    const options = completeRecoverOptions(recover);
    this.options = options;
    this.#host = host;
    this.patience = options ?? { minDelay: 300, maxDelay: 30_000, retryFor: 300_000 };
    if (options !== undefined) {
      this.topology = new DeclaredTopology(options.maxRecorded, this);
      this.replay = new Replay(options, this.topology, host);
    }
    this.reconnection = new Recovery(options, this.replay, random, host);
  }

  /** For the record. */
  recordFull(error: LimitExceeded): void {
    this.#host.failures.report(error);
  }

  /** For the record. */
  now(): number {
    return this.#host.now();
  }

  /** For the record. */
  queueLeft(queue: string): void {
    this.#host.users.subscriptions.queueLeft(queue);
  }

  /** Why an operation cannot be called while there is no connection; `undefined` if it waits for the next one. */
  refusalOf(method: string): PukaError | undefined {
    const { options } = this;
    const host = this.#host;
    const details = { method, outcome: 'not-sent', retryable: true } as const;
    if (options?.whileDown === 'refuse') {
      return new ConnectionBroken(`${method} while there is no connection, and recover.whileDown is 'refuse'`, details);
    }
    const { heldOperations } = host.users;
    if (options === undefined || method === 'basic.publish' || heldOperations < options.maxHeldOperations) {
      return undefined;
    }
    const text = `${heldOperations} operations wait for the next connection; the limit is recover.maxHeldOperations`;
    return new LimitExceeded(text, details);
  }

  /** Whether the queue is being restored: `queueRestored` or `queueLost` of the subscriptions follows. */
  isAway(queue: string): boolean {
    return this.replay?.isAway(queue) ?? false;
  }

  /** A recorded queue is not there. @returns whether it is being made again: `queueRestored` or `queueLost` follows. */
  queueVanished(queue: string, error: PukaError): boolean {
    return this.replay?.queueVanished(queue, error) ?? false;
  }

  /** How long what the broker takes for the lost connection's is tried again, in milliseconds. */
  get exclusiveForMs(): number {
    return this.replay?.exclusiveForMs ?? 0;
  }

  /** Operations may go out. @returns how the connection was recovered; `undefined` for the first one. */
  opened(info: ConnectionInfo): RecoveryReport | undefined {
    return this.reconnection.opened(info);
  }

  /** Nothing more follows: the next `connect` begins from nothing. */
  ended(): void {
    this.reconnection.ended();
    this.topology?.clear();
  }

  /** See `Client.recovery`. */
  snapshot(): RecoverySnapshot {
    const { reconnection, topology } = this;
    const host = this.#host;
    const { life, users } = host;
    const { phase, attempt, downSinceMs, nextAttemptMs } = reconnection;
    return {
      isOn: this.options !== undefined,
      phase,
      attempt: phase === 'idle' ? 0 : attempt,
      downMs: downSinceMs === undefined ? 0 : host.now() - downSinceMs,
      nextAttemptMs: nextAttemptMs === undefined ? undefined : nextAttemptMs - host.now(),
      held: {
        operations: users.heldOperations,
        publishes: life.state === 'connected' ? 0 : users.publisher.outstanding,
        bytes: users.openBytes,
      },
      recorded: topology?.counts ?? { exchanges: 0, queues: 0, bindings: 0 },
      retrying: this.replay?.retried() ?? [],
    };
  }
}
