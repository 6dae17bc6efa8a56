/**
 * Makes the recorded topology again over a new connection: exchanges, then queues and bindings of exchanges, then bindings
 * of queues, each step for all entities side by side. One entity that cannot be restored costs that entity alone.
 * Must not subscribe consumers: the subscriptions do, when they are attached.
 */
import { AmqpError, OperationTimeout, type PukaError } from '@puka/errors';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { isUnnamedError } from '../operations/unnamed-error.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import { LazySet } from '../runtime/lazy-collections.ts';
import type { ConnectionInfo, Session } from '../session/index.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import { isAtLeast } from '../topology/method-input.ts';
import type { RecordedBinding, RecordedEntity, RecordedQueue } from '../topology/recorded-entity.ts';
import { type Refusal, refusalOf } from '../topology/refusals.ts';
import { EntitiesToMake, type Entity } from './entities-to-make.ts';
import { type Done, EntityRequests, type EntityRequestsHost } from './entity-requests.ts';
import type { CompleteRecoverOptions } from './recover-options.ts';
import { keyOf, Retries, type RetryKey } from './retries.ts';
import type { RetriedEntity } from './snapshot.ts';
import { VanishedQueues } from './vanished-queues.ts';

/** What was restored. */
export interface RestoredCounts {
  /** Exchanges that were declared again. */
  readonly exchanges: number;
  /** Queues that were declared again. */
  readonly queues: number;
  /** Bindings that were made again, those of exchanges among them. */
  readonly bindings: number;
  /** Consumers that were subscribed again. */
  readonly consumers: number;
}

/** What a replay needs of its client. */
export interface ReplayHost {
  readonly deadlines: Deadlines;
  readonly users: { readonly pool: ChannelPool; readonly subscriptions: RestoredSubscriptions };
  readonly events: { emit(name: 'queueRenamed', from: string, to: string): boolean };
  readonly failures: {
    /** An entity was not restored, once when it is tried again and once when it is given up. */
    notRestored(error: PukaError, entity: RecordedEntity, isRetrying: boolean): void;
    /** A callback of the user's has thrown. */
    report(error: unknown): void;
  };
  now(): number;
  /** There is something to send. */
  wake(): void;
}

/** The consumers of the queues that are restored. */
export interface RestoredSubscriptions {
  /** Consumers that will subscribe again. */
  readonly size: number;
  /** A queue is there again after the gate: its consumers subscribe. */
  queueRestored(queue: string): void;
  /** A queue cannot be restored: its consumers end. */
  queueLost(queue: string, error: PukaError): void;
  queueRenamed(from: string, to: string): void;
  /** A delete of the queue has its outcome. */
  queueLeft(queue: string): void;
}

/** After this silence of the broker, in milliseconds, operations go out though not all is restored. */
const patienceMs = 30_000;
/** After the gate, in milliseconds: RabbitMQ may delete a queue of the lost connection late, and the new one with it. */
const looksMs = [10_000, 60_000];
/** One connection's replay. */
class Epoch {
  isOver = false;
  isOpen = false;
  refusesTransientQueues = false;
  exchanges = 0;
  queues = 0;
  bindings = 0;
  lastAnswerMs: number;
  /** Asked for and not answered. */
  readonly underWay = new Set<Entity>();
  readonly vanished: VanishedQueues;
  /** Queues that have vanished too often, and are made again after a pause. */
  readonly pausing = new Set<string>();
  /** Queues whose units are being made again. */
  readonly remaking = new Set<string>();
  /** Of these, those that have vanished once more meanwhile. */
  readonly vanishedAgain = new Map<string, PukaError>();
  /** Bindings whose exchanges were missing once, and were made again at once. */
  readonly exchangesRemade = new Set<RecordedBinding>();
  /** Opens the gate, once nothing is being made again. */
  openWhenRemade: (() => void) | undefined = undefined;
  readonly undo: (() => void)[] = [];

  constructor(options: CompleteRecoverOptions, nowMs: number) {
    this.vanished = new VanishedQueues(options);
    this.lastAnswerMs = nowMs;
  }
}

/** The replays of one client. */
export class Replay implements EntityRequestsHost {
  private readonly options: CompleteRecoverOptions;
  private readonly topology: DeclaredTopology;
  private readonly host: ReplayHost;
  private madeRequests: EntityRequests | undefined = undefined;
  private epoch: Epoch | undefined = undefined;
  private exclusiveMs = 60_000;
  /** Of the connection that was opened last, which may be a first one and have no epoch. */
  private newestRefusesTransientQueues = false;
  private readonly retries: Retries;
  /** They may have made the broker close the connection: made one by one, before the rest. */
  private readonly suspects = new LazySet<Entity>();
  private madeChoice: EntitiesToMake | undefined = undefined;

  constructor(options: CompleteRecoverOptions, topology: DeclaredTopology, host: ReplayHost) {
    this.options = options;
    this.retries = new Retries(options);
    this.topology = topology;
    this.host = host;
  }

  /** Made by the first connection that is lost, as is `choice`: most clients need neither for long. */
  private get requests(): EntityRequests {
    this.madeRequests ??= new EntityRequests(this);
    return this.madeRequests;
  }

  private get choice(): EntitiesToMake {
    this.madeChoice ??= new EntitiesToMake(this.options, this.topology, (error) => this.host.failures.report(error));
    return this.madeChoice;
  }

  /** For its requests. */
  get pool(): ChannelPool {
    return this.host.users.pool;
  }

  /** For its requests. */
  get refusesTransientQueues(): boolean {
    return this.epoch?.refusesTransientQueues ?? false;
  }

  /** For its requests. */
  wake(): void {
    this.host.wake();
  }

  /** For its requests. */
  renamed(from: string, to: string): void {
    const { epoch, host } = this;
    if (from === to) return;
    if (epoch?.remaking.has(from) === true) epoch.remaking.add(to);
    this.topology.rename(from, to);
    host.users.subscriptions.queueRenamed(from, to);
    host.events.emit('queueRenamed', from, to);
  }

  /** Entities that are tried again. */
  get retrying(): number {
    return this.retries.size;
  }

  /** Entities that are tried again, with what they failed with. */
  retried(): RetriedEntity[] {
    this.dropForgotten();
    return this.retries.list(this.host.now());
  }

  /** Whether a queue is being tried again, so that nothing can be done with it. */
  isAway(queue: string): boolean {
    const { epoch } = this;
    return this.retries.has(queue) || epoch?.remaking.has(queue) === true || epoch?.pausing.has(queue) === true;
  }

  /** How long what the broker takes for the lost connection's is tried again, in milliseconds. */
  get exclusiveForMs(): number {
    return this.exclusiveMs;
  }

  /**
   * Operations go out. If the connection is lost, the broker notices that after two to three heartbeats: what it still
   * takes for the lost connection's is tried again for longer than that.
   */
  opened({ heartbeat, serverProperties }: Pick<ConnectionInfo, 'heartbeat' | 'serverProperties'>): void {
    const ofHeartbeat = heartbeat === 0 ? 60_000 : heartbeat * 3000 + 10_000;
    this.exclusiveMs = this.options.exclusiveFor ?? ofHeartbeat;
    this.newestRefusesTransientQueues = isAtLeast(serverProperties.version, 4, 3);
  }

  /** A connection that was open is lost: what has expired without use until now is forgotten. The outage does not count. */
  connectionLost(): void {
    this.topology.tidy();
  }

  /** Restores everything over a new connection. @param done called once, when operations may go out. */
  run(_session: Session, info: ConnectionInfo, done: (counts: RestoredCounts, waiting: number) => void): void {
    this.dropForgotten();
    const epoch = this.begin(isAtLeast(info.serverProperties.version, 4, 3));
    const open = (): void => {
      if (epoch.remaking.size > 0) epoch.openWhenRemade = open;
      else this.open(epoch, done);
    };
    this.watchSilence(epoch, () => this.open(epoch, done));
    const { topology } = this;
    this.makeAlone(epoch, [...this.suspects], () => {
      this.makeAll(epoch, topology.exchangesToMake(), () => {
        const queues = [...topology.queuesToMake(), ...topology.bindingsToMake('exchange')];
        this.makeAll(epoch, queues, () => {
          this.makeAll(epoch, this.bindingsOfRestored(), open);
        });
      });
    });
  }

  private begin(refusesTransientQueues: boolean): Epoch {
    const epoch = new Epoch(this.options, this.host.now());
    epoch.refusesTransientQueues = refusesTransientQueues;
    this.epoch = epoch;
    return epoch;
  }

  /** A first connection has had nothing to restore. */
  private beginOpen(): Epoch {
    const epoch = this.begin(this.newestRefusesTransientQueues);
    epoch.isOpen = true;
    return epoch;
  }

  /** The connection is gone, or there is nothing more to restore. @param error why, if the broker closed it. */
  abandon(error?: PukaError): void {
    const { epoch } = this;
    if (epoch === undefined) return;
    epoch.isOver = true;
    this.epoch = undefined;
    for (const undo of epoch.undo) undo();
    if (error instanceof AmqpError) this.blame(epoch, error);
  }

  /** Nothing more follows. */
  clear(): void {
    this.abandon();
    this.retries.clear();
    this.suspects.clear();
  }

  /**
   * A queue that was made a moment ago is not there: makes its whole unit again, at once or after a pause.
   *
   * @returns whether it is recorded, and is not given up.
   */
  queueVanished(queue: string, error: PukaError): boolean {
    const recorded = this.topology.queueOf(queue);
    if (recorded === undefined || !this.choice.isMeant(recorded)) return false;
    const epoch = this.epoch ?? this.beginOpen();
    if (this.requests.isNeverTaken(recorded)) return false;
    if (epoch.pausing.has(queue)) return true;
    if (epoch.remaking.has(queue)) {
      epoch.vanishedAgain.set(queue, error);
      return true;
    }
    const { delayMs, isNews } = epoch.vanished.note(queue, this.host.now());
    if (isNews) this.host.failures.notRestored(error, recorded, delayMs !== undefined);
    if (delayMs === undefined) return false;
    if (delayMs === 0) this.remake(epoch, queue);
    else this.remakeAfterPause(epoch, queue, delayMs);
    return true;
  }

  private remakeAfterPause(epoch: Epoch, queue: string, delayMs: number): void {
    epoch.pausing.add(queue);
    this.later(epoch, delayMs, () => {
      epoch.pausing.delete(queue);
      this.remake(epoch, queue);
    });
  }

  private open(epoch: Epoch, done: (counts: RestoredCounts, waiting: number) => void): void {
    if (epoch.isOver || epoch.isOpen) return;
    epoch.isOpen = true;
    const { exchanges, queues, bindings } = epoch;
    for (const key of this.retries.keys()) if (typeof key === 'string') this.planRetry(epoch, key);
    for (const atMs of looksMs) this.planLook(epoch, atMs);
    done({ exchanges, queues, bindings, consumers: this.host.users.subscriptions.size }, this.retries.size);
  }

  private watchSilence(epoch: Epoch, open: () => void): void {
    const { host } = this;
    const check = (): void => {
      if (epoch.isOver || epoch.isOpen) return;
      if (host.now() - epoch.lastAnswerMs < patienceMs) {
        epoch.undo.push(host.deadlines.add(epoch.lastAnswerMs + patienceMs, check));
        return;
      }
      const text = `the broker has not answered for ${patienceMs} ms while this was being restored`;
      for (const entity of epoch.underWay) host.failures.notRestored(new OperationTimeout(text), entity, true);
      open();
    };
    check();
  }

  /** Each when the one before has its answer. */
  private makeAlone(epoch: Epoch, entities: readonly Entity[], done: () => void): void {
    const [first, ...rest] = entities;
    if (first === undefined) {
      this.suspects.clear();
      done();
      return;
    }
    this.makeAll(epoch, [first], () => {
      this.suspects.delete(first);
      this.makeAlone(epoch, rest, done);
    });
  }

  private makeAll(epoch: Epoch, entities: Iterable<Entity>, done: () => void): void {
    let left = 1;
    const count = (): void => {
      if (--left === 0 && !epoch.isOver) done();
    };
    for (const entity of entities) {
      if (!this.choice.isMeant(entity)) continue;
      left++;
      this.make(epoch, entity, count);
    }
    count();
  }

  /** Makes one entity. `done` is called once, also if it is put off or cannot be made. */
  private make(epoch: Epoch, entity: Entity, done: () => void): void {
    epoch.underWay.add(entity);
    this.send(entity, (error) => {
      // With the connection lost nothing more is made; what was under way stays known, because one of it may be to blame.
      if (epoch.isOver || (error !== undefined && refusalOf(error) === 'lost')) return;
      epoch.underWay.delete(entity);
      epoch.lastAnswerMs = this.host.now();
      if (error === undefined) this.made(epoch, entity);
      else if (this.hasLostExchanges(epoch, entity, error)) {
        this.makeWithExchanges(epoch, entity, done);
        return;
      } else this.refused(epoch, entity, error);
      done();
    });
  }

  private send(entity: Entity, done: Done): void {
    switch (entity.kind) {
      case 'exchange':
        this.requests.exchange(entity, done);
        break;
      case 'queue':
        this.requests.queue(entity, done);
        break;
      case 'binding':
        this.requests.binding(entity, done);
        break;
    }
  }

  private made(epoch: Epoch, entity: Entity): void {
    switch (entity.kind) {
      case 'exchange':
        epoch.exchanges++;
        break;
      case 'queue':
        epoch.queues++;
        this.topology.queueUsed(entity.queue);
        this.retries.delete(entity.queue);
        break;
      case 'binding':
        epoch.bindings++;
        this.retries.delete(entity);
        break;
    }
  }

  private refused(epoch: Epoch, entity: Entity, error: PukaError): void {
    const refusal = refusalOf(error);
    if (entity.kind === 'queue' && (refusal === 'locked' || refusal === 'away')) {
      this.putOff(epoch, entity, error, refusal);
    } else if (entity.kind === 'binding' && refusal === 'missing') {
      this.bindingMissed(epoch, entity, error);
    } else if (entity.kind === 'binding' && (refusal === 'away' || refusal === 'locked')) {
      this.putOff(epoch, entity, error, refusal);
    } else {
      // It exists with other settings, or cannot be made. What belongs to it is tried all the same.
      if (entity.kind === 'queue') this.retries.delete(entity.queue);
      this.host.failures.notRestored(error, entity, false);
    }
  }

  /**
   * Whether recorded exchanges of a binding are missing, for the first time in this connection: auto-delete exchanges that
   * were found a moment ago go with a queue of the lost connection that the broker deletes late.
   */
  private hasLostExchanges(epoch: Epoch, entity: Entity, error: PukaError): entity is RecordedBinding {
    if (entity.kind !== 'binding' || refusalOf(error) !== 'missing' || namesQueue(entity, error)) return false;
    if (epoch.exchangesRemade.has(entity) || this.choice.wayOf(entity).exchanges.length === 0) return false;
    epoch.exchangesRemade.add(entity);
    return true;
  }

  /** Makes a binding with all exchanges that lead to it, and the bindings between them. */
  private makeWithExchanges(epoch: Epoch, binding: RecordedBinding, done: () => void): void {
    const { exchanges, bindings } = this.choice.wayOf(binding);
    this.makeAll(epoch, exchanges, () => {
      this.makeAll(
        epoch,
        bindings.filter((other) => other !== binding),
        () => {
          if (this.isRecorded(binding) && this.choice.isMeant(binding)) {
            this.make(epoch, binding, done);
          } else {
            this.retries.delete(binding);
            done();
          }
        },
      );
    });
  }

  private bindingMissed(epoch: Epoch, binding: RecordedBinding, error: PukaError): void {
    if (namesQueue(binding, error) && this.queueVanished(binding.destination, error)) return;
    this.putOff(epoch, binding, error, 'missing');
  }

  /** Tries again later, for as long as the options allow, over connections. */
  private putOff(epoch: Epoch, entity: RecordedQueue | RecordedBinding, error: PukaError, refusal: Refusal): void {
    const { host } = this;
    const verdict = this.retries.refused(entity, error, refusal, host.now(), this.exclusiveForMs);
    if (verdict !== 'again') host.failures.notRestored(error, entity, verdict === 'first');
    if (verdict !== 'over') {
      // Queues are tried again after the gate.
      if (epoch.isOpen || entity.kind === 'binding') this.planRetry(epoch, keyOf(entity));
    } else if (entity.kind === 'queue') {
      host.users.subscriptions.queueLost(entity.queue, error);
    }
  }

  private planRetry(epoch: Epoch, key: RetryKey): void {
    const delayMs = this.retries.delayMs(key);
    if (delayMs === undefined) return;
    this.later(epoch, delayMs, () => {
      if (!this.retries.has(key)) return;
      if (typeof key === 'string') this.remake(epoch, key);
      else if (!this.isWanted(key)) this.retries.delete(key);
      else this.makeWithExchanges(epoch, key, () => {});
    });
  }

  private later(epoch: Epoch, delayMs: number, call: () => void): void {
    // The filter or a listener may have closed the client.
    if (epoch.isOver) return;
    const undo = this.host.deadlines.add(
      this.host.now() + delayMs,
      () => {
        if (!epoch.isOver) call();
      },
      { keepsProcess: false },
    );
    epoch.undo.push(undo);
  }

  /** Makes a queue with everything that leads to it; then its consumers subscribe. */
  private remake(epoch: Epoch, queue: string): void {
    const { topology } = this;
    const recorded = topology.queueOf(queue);
    if (recorded === undefined || !this.choice.isMeant(recorded)) {
      this.retries.delete(queue);
      // The code that waits for it finds out by itself.
      this.host.users.subscriptions.queueRestored(queue);
      return;
    }
    epoch.remaking.add(queue);
    const { exchanges, bindings: between } = this.choice.wayTo(queue);
    this.makeAll(epoch, exchanges, () => {
      this.makeAll(epoch, [recorded, ...between], () => {
        if (this.retries.has(queue)) {
          this.remade(epoch, queue);
          return;
        }
        const bindings = topology.bindingsOf('queue', topology.nameOf(queue));
        this.makeAll(epoch, bindings, () => this.remade(epoch, queue));
      });
    });
  }

  /** A unit is there again, or its queue has been put off. */
  private remade(epoch: Epoch, queue: string): void {
    const name = this.topology.nameOf(queue);
    epoch.remaking.delete(queue);
    epoch.remaking.delete(name);
    const vanishedBy = epoch.vanishedAgain.get(queue) ?? epoch.vanishedAgain.get(name);
    epoch.vanishedAgain.delete(queue);
    epoch.vanishedAgain.delete(name);
    const vanishes = vanishedBy !== undefined && !this.retries.has(queue) && this.queueVanished(name, vanishedBy);
    if (!this.retries.has(queue) && !vanishes) this.host.users.subscriptions.queueRestored(name);
    if (epoch.remaking.size > 0) return;
    const { openWhenRemade } = epoch;
    epoch.openWhenRemade = undefined;
    openWhenRemade?.();
  }

  /** Looks whether the queues that the broker may delete late are still there. */
  private planLook(epoch: Epoch, delayMs: number): void {
    this.later(epoch, delayMs, () => {
      for (const recorded of this.topology.queuesToMake()) {
        const { queue, options } = recorded;
        const isEndangered = options.exclusive === true || options.autoDelete === true || options.durable !== true;
        if (!isEndangered || this.isAway(queue) || !this.choice.isMeant(recorded)) continue;
        this.requests.isThere(queue, (error) => {
          if (epoch.isOver || error === undefined || refusalOf(error) !== 'missing') return;
          if (this.topology.queueOf(queue) !== undefined) this.queueVanished(queue, error);
        });
      }
    });
  }

  /** The connection ended by a hard error of the broker's while entities were being made: one of them may have caused it. */
  private blame({ underWay }: Epoch, error: AmqpError): void {
    const isUnnamed: boolean = isUnnamedError(error);
    if (error.method === undefined && !isUnnamed) return;
    const found = [...underWay].filter((entity) => isUnnamed || methodOf(entity) === error.method);
    const [first] = found;
    // An error that names nothing blames the one that was made alone, not one that happened to be.
    if (found.length === 1 && first !== undefined && (!isUnnamed || this.suspects.has(first))) {
      this.choice.ban(first);
      this.host.failures.notRestored(error, first, false);
    } else {
      this.suspects.clear();
      for (const entity of found) this.suspects.add(entity);
    }
  }

  /** Whether a binding is recorded, and not being unbound. */
  private isWanted(binding: RecordedBinding): boolean {
    return this.isRecorded(binding) && !this.topology.isLeaving(binding);
  }

  private isRecorded(entity: RecordedBinding): boolean {
    return this.topology.bindingsOf(entity.destinationKind, entity.destination).includes(entity);
  }

  /** What is not recorded any more is not tried again. */
  private dropForgotten(): void {
    for (const key of this.retries.keys()) {
      const isThere = typeof key === 'string' ? this.topology.queueOf(key) !== undefined : this.isWanted(key);
      if (!isThere) this.retries.delete(key);
    }
  }

  /** Bindings of queues that are there. */
  private *bindingsOfRestored(): Iterable<RecordedBinding> {
    for (const binding of this.topology.bindingsToMake('queue')) {
      if (!this.isAway(binding.destination)) yield binding;
    }
  }
}

function namesQueue({ destinationKind }: RecordedBinding, error: PukaError): boolean {
  return destinationKind === 'queue' && error instanceof AmqpError && /no queue/i.test(error.replyText ?? '');
}

function methodOf(entity: Entity): string {
  if (entity.kind !== 'binding') return `${entity.kind}.declare`;
  return `${entity.destinationKind}.bind`;
}
