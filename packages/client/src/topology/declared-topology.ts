/**
 * The record: which queues, exchanges and bindings this client has made and not unmade, so that they can be made again.
 * Must not send: the replay does.
 */
import { LimitExceeded } from '@puka/errors';
import { ByteWriter, encodeMethod, type FieldTableInput, type MethodInput } from '@puka/wire';
import { LazyMap } from '../runtime/lazy-collections.ts';
import type { RecordedBinding, RecordedExchange, RecordedQueue } from './recorded-entity.ts';

/** What a request does to the record once the broker has answered with ok. */
export type TopologyChange =
  | { readonly type: 'declare'; readonly entity: RecordedExchange | RecordedQueue }
  | { readonly type: 'bind'; readonly entity: RecordedBinding }
  | { readonly type: 'unbind'; readonly entity: RecordedBinding }
  | { readonly type: 'delete'; readonly kind: 'exchange' | 'queue'; readonly name: string };

/** What the record needs of its client. */
export interface DeclaredTopologyHost {
  /** The record is full: what was declared now will not be made again. Called once. */
  recordFull(error: LimitExceeded): void;
  now(): number;
  /** A delete of the queue has its outcome. */
  queueLeft(queue: string): void;
}

/** A record that is full looks for what has expired once in so many milliseconds. */
const fullTidyMs = 1000;
/** Old names of a server-named queue that are translated: the first, which its declare returned, and the last ones. */
const maxOldNames = 16;

interface QueueEntry {
  entity: RecordedQueue;
  /** Consumers of this client on it. */
  consumers: number;
  hasHadConsumer: boolean;
  /** Of an `x-expires` queue: when this client last declared, consumed or got from it. It lives on from there. */
  usedAtMs: number;
  /** Of a server-named queue: the names that it had, oldest first. */
  oldNames?: string[];
}

const ignore = (): void => {};

/** The record of one client. */
export class DeclaredTopology {
  private readonly maxRecorded: number;
  readonly #host: DeclaredTopologyHost;
  private readonly exchanges = new LazyMap<string, RecordedExchange>();
  private readonly queues = new LazyMap<string, QueueEntry>();
  private readonly bindings = new LazyMap<string, RecordedBinding>();
  /** Keys of bindings by each of their ends. */
  private readonly byEnd = new LazyMap<string, Set<string>>();
  /** Deletes of queues that are held or under way, by name: what they end is not made again meanwhile. */
  private readonly leavingQueues = new LazyMap<string, number>();
  /** The same of exchanges and bindings, by key. */
  private readonly leaving = new LazyMap<string, number>();
  /** Binds that are held or under way, by each of their ends. */
  private readonly arriving = new LazyMap<string, Set<RecordedBinding>>();
  /** Of these, those whose one end was deleted meanwhile: their ok may come after that of the delete. */
  private overtaken: WeakMap<RecordedBinding, string> | undefined = undefined;
  /** Left out when entities were last made again, as they were leaving: the broker does not have them. */
  private leftOut: WeakSet<RecordedExchange | RecordedBinding> | undefined = undefined;
  /** Consumers of this client on queues that are not recorded, by queue: it may declare one of them yet. */
  private readonly otherConsumers = new LazyMap<string, number>();
  private readonly names = new LazyMap<string, string>();
  private isFull = false;
  private tidyAt = 1024;
  private tidyAtMs = 0;

  constructor(maxRecorded: number, host: DeclaredTopologyHost) {
    this.maxRecorded = maxRecorded;
    this.#host = host;
  }

  /** Entities recorded. */
  get size(): number {
    return this.exchanges.size + this.queues.size + this.bindings.size;
  }

  /** Entities recorded, by kind. */
  get counts(): { readonly exchanges: number; readonly queues: number; readonly bindings: number } {
    return { exchanges: this.exchanges.size, queues: this.queues.size, bindings: this.bindings.size };
  }

  /** The broker has answered with ok. */
  apply(change: TopologyChange): void {
    switch (change.type) {
      case 'declare':
        this.declare(change.entity);
        break;
      case 'bind':
        if (!this.isOvertaken(change.entity)) this.bind(change.entity);
        break;
      case 'unbind':
        this.removeBinding(bindingKey(change.entity));
        break;
      case 'delete':
        this.forget(change.kind, change.name);
        if (this.arriving.size > 0) this.overtake(`${change.kind} ${change.name}`);
        break;
    }
  }

  /** One end of bindings was deleted. */
  private overtake(end: string): void {
    this.overtaken ??= new WeakMap();
    for (const binding of this.arriving.get(end) ?? []) this.overtaken.set(binding, end);
  }

  /** Whether one end of it was deleted after the bind was asked for, and has not been declared again. */
  private isOvertaken(binding: RecordedBinding): boolean {
    const { destinationKind, destination, source } = binding;
    const end = this.overtaken?.get(binding);
    if (end === undefined) return false;
    if (end === `exchange ${source}`) return !this.exchanges.has(source);
    return destinationKind === 'queue' ? !this.queues.has(destination) : !this.exchanges.has(destination);
  }

  /** A change is asked for. @returns called when it has its outcome. */
  begin(change: TopologyChange): () => void {
    if (change.type === 'bind') return this.beginBinding(change.entity);
    const isQueue = change.type === 'delete' && change.kind === 'queue';
    const key = isQueue ? change.name : leavingKey(change);
    if (key === undefined) return ignore;
    const leaving = isQueue ? this.leavingQueues : this.leaving;
    leaving.set(key, (leaving.get(key) ?? 0) + 1);
    return () => {
      const left = (leaving.get(key) ?? 1) - 1;
      if (left > 0) leaving.set(key, left);
      else leaving.delete(key);
      if (isQueue) this.#host.queueLeft(key);
    };
  }

  private beginBinding(binding: RecordedBinding): () => void {
    const ends = endsOf(binding);
    for (const end of ends) {
      const arriving = this.arriving.get(end) ?? new Set();
      this.arriving.set(end, arriving.add(binding));
    }
    return () => {
      for (const end of ends) {
        const arriving = this.arriving.get(end);
        arriving?.delete(binding);
        if (arriving?.size === 0) this.arriving.delete(end);
      }
    };
  }

  /**
   * Whether a delete or an unbind of it is held or under way. A binding leaves with either of its ends, an auto-delete
   * exchange with the last binding that leads from it.
   */
  isLeaving(entity: RecordedExchange | RecordedQueue | RecordedBinding): boolean {
    if (this.leaving.size + this.leavingQueues.size === 0) return false;
    switch (entity.kind) {
      case 'exchange':
        return this.isExchangeLeaving(entity.options.exchange, new Set());
      case 'queue':
        return this.isQueueLeaving(entity.queue);
      case 'binding':
        return this.isBindingLeaving(entity, new Set());
    }
  }

  /** @param seen exchanges that are being looked at: bindings may lead around in a circle. */
  private isExchangeLeaving(name: string, seen: Set<string>): boolean {
    if (this.leaving.has(`exchange ${name}`)) return true;
    if (seen.has(name) || this.exchanges.get(name)?.options.autoDelete !== true) return false;
    seen.add(name);
    let isBound = false;
    for (const key of this.byEnd.get(`exchange ${name}`) ?? []) {
      const binding = this.bindings.get(key);
      if (binding?.source !== name) continue;
      if (!this.isBindingLeaving(binding, seen)) return false;
      isBound = true;
    }
    return isBound;
  }

  private isBindingLeaving(binding: RecordedBinding, seen: Set<string>): boolean {
    const { destinationKind, destination, source } = binding;
    if (this.leaving.has(`exchange ${source}`) || this.leaving.has(bindingKey(binding))) return true;
    if (destinationKind === 'queue') return this.isQueueLeaving(destination) || this.leavesByOldName(binding);
    return this.isExchangeLeaving(destination, seen);
  }

  /** Whether an unbind of it was asked for before its queue got the name that it has now. */
  private leavesByOldName(binding: RecordedBinding): boolean {
    if (this.names.size === 0 || this.leaving.size === 0) return false;
    const oldNames = this.queues.get(binding.destination)?.oldNames ?? [];
    return oldNames.some((destination) => this.leaving.has(bindingKey({ ...binding, destination })));
  }

  /** Whether a delete of the queue is held or under way. */
  isQueueLeaving(queue: string): boolean {
    return this.leavingQueues.has(queue);
  }

  /** The exchanges to be made again. */
  *exchangesToMake(): Iterable<RecordedExchange> {
    for (const exchange of [...this.exchanges.values()]) if (!this.isLeftOut(exchange)) yield exchange;
  }

  /** The queues to be made again. */
  *queuesToMake(): Iterable<RecordedQueue> {
    for (const { entity } of [...this.queues.values()]) if (!this.isLeaving(entity)) yield entity;
  }

  /** The bindings to be made again, of queues or of exchanges. */
  *bindingsToMake(destinationKind: 'queue' | 'exchange'): Iterable<RecordedBinding> {
    for (const binding of [...this.bindings.values()]) {
      if (binding.destinationKind === destinationKind && !this.isLeftOut(binding)) yield binding;
    }
  }

  private isLeftOut(entity: RecordedExchange | RecordedBinding): boolean {
    if (!this.isLeaving(entity)) {
      this.leftOut?.delete(entity);
      return false;
    }
    this.leftOut ??= new WeakSet();
    this.leftOut.add(entity);
    return true;
  }

  /** The queue, if it is recorded. */
  queueOf(name: string): RecordedQueue | undefined {
    return this.queues.get(name)?.entity;
  }

  /** The exchange, if it is recorded. */
  exchangeOf(name: string): RecordedExchange | undefined {
    return this.exchanges.get(name);
  }

  /** The bindings that lead to the queue or the exchange. */
  bindingsOf(destinationKind: 'queue' | 'exchange', name: string): RecordedBinding[] {
    const found: RecordedBinding[] = [];
    for (const key of this.byEnd.get(`${destinationKind} ${name}`) ?? []) {
      const binding = this.bindings.get(key);
      if (binding?.destinationKind === destinationKind && binding.destination === name) found.push(binding);
    }
    return found;
  }

  /** A consumer of this client is subscribed to the queue. */
  consumerAdded(queue: string): void {
    const entry = this.queues.get(queue);
    if (entry === undefined) {
      this.otherConsumers.set(queue, (this.otherConsumers.get(queue) ?? 0) + 1);
      return;
    }
    entry.consumers++;
    entry.hasHadConsumer = true;
  }

  /** It has ended. The broker deletes an auto-delete queue with its last consumer, and so does the record. */
  consumerRemoved(queue: string): void {
    const entry = this.queues.get(queue);
    if (entry === undefined) {
      const others = this.otherConsumers.get(queue) ?? 0;
      if (others > 1) this.otherConsumers.set(queue, others - 1);
      else this.otherConsumers.delete(queue);
      return;
    }
    entry.consumers = Math.max(0, entry.consumers - 1);
    entry.usedAtMs = this.#host.now();
    if (entry.consumers === 0 && entry.hasHadConsumer && entry.entity.options.autoDelete === true) {
      this.forget('queue', queue);
    }
  }

  /** The queue was used by a get, or was declared again. */
  queueUsed(queue: string): void {
    const entry = this.queues.get(this.nameOf(queue));
    if (entry !== undefined) entry.usedAtMs = this.#host.now();
  }

  /** The broker reports that the queue or the exchange does not exist. */
  forget(kind: 'exchange' | 'queue', name: string): void {
    if (kind === 'queue') this.forgetQueue(name);
    else this.exchanges.delete(name);
    const keys = this.byEnd.size === 0 ? undefined : this.byEnd.get(`${kind} ${name}`);
    if (keys !== undefined) for (const key of [...keys]) this.removeBinding(key);
  }

  private forgetQueue(name: string): void {
    for (const old of this.queues.get(name)?.oldNames ?? []) this.names.delete(old);
    this.queues.delete(name);
  }

  /** Forgets everything. */
  clear(): void {
    this.exchanges.clear();
    this.queues.clear();
    this.bindings.clear();
    this.byEnd.clear();
    this.leavingQueues.clear();
    this.leaving.clear();
    this.arriving.clear();
    this.otherConsumers.clear();
    this.names.clear();
    this.isFull = false;
    this.tidyAt = 1024;
  }

  /** A connection is lost now: queues that have expired without use are not made again. */
  tidy(): void {
    const nowMs = this.#host.now();
    for (const [name, { entity, consumers, usedAtMs }] of this.queues) {
      const expires = expiryOf(entity.options.arguments);
      if (consumers === 0 && expires !== undefined && nowMs - usedAtMs >= expires) this.forget('queue', name);
    }
  }

  /** A server-named queue has another name now: its bindings follow, and the old name is translated from now on. */
  rename(from: string, to: string): void {
    const entry = this.queues.get(from);
    if (entry === undefined || from === to) return;
    this.queues.delete(from);
    entry.entity = { ...entry.entity, queue: to };
    this.queues.set(to, entry);
    for (const binding of this.bindingsOf('queue', from)) {
      this.removeBinding(bindingKey(binding), false);
      this.bind({ ...binding, destination: to });
    }
    entry.oldNames ??= [];
    entry.oldNames.push(from);
    if (entry.oldNames.length > maxOldNames) {
      const [secondOldest] = entry.oldNames.splice(1, 1);
      if (secondOldest !== undefined) this.names.delete(secondOldest);
    }
    for (const old of entry.oldNames) this.names.set(old, to);
  }

  /** Whether a server-named queue has another name now than it had. */
  get hasRenames(): boolean {
    return this.names.size > 0;
  }

  /** The name that a queue has now. */
  nameOf(queue: string): string {
    return this.names.size === 0 ? queue : (this.names.get(queue) ?? queue);
  }

  /** The method with the names that its queues have now. */
  translate(method: MethodInput): MethodInput {
    if (this.names.size === 0 || !('queue' in method) || method.queue === undefined) return method;
    const queue = this.nameOf(method.queue);
    return queue === method.queue ? method : { ...method, queue };
  }

  /** The change with the names that its queues have now. A declare has its name from the broker's reply. */
  translateChange(change: TopologyChange): TopologyChange {
    if (this.names.size === 0 || change.type === 'declare') return change;
    if (change.type === 'delete') {
      const name = change.kind === 'queue' ? this.nameOf(change.name) : change.name;
      return name === change.name ? change : { ...change, name };
    }
    const { entity } = change;
    const destination = entity.destinationKind === 'queue' ? this.nameOf(entity.destination) : entity.destination;
    return destination === entity.destination ? change : { ...change, entity: { ...entity, destination } };
  }

  private declare(entity: RecordedExchange | RecordedQueue): void {
    if (entity.kind === 'queue') {
      this.declareQueue(entity);
      return;
    }
    const { exchange } = entity.options;
    if (this.exchanges.has(exchange) || this.hasRoom()) this.exchanges.set(exchange, entity);
  }

  private declareQueue(entity: RecordedQueue): void {
    const known = this.queues.get(entity.queue);
    const usedAtMs = expiryOf(entity.options.arguments) === undefined ? 0 : this.#host.now();
    if (known === undefined) {
      if (!this.hasRoom()) return;
      const consumers = this.otherConsumers.get(entity.queue) ?? 0;
      this.otherConsumers.delete(entity.queue);
      this.queues.set(entity.queue, { entity, consumers, hasHadConsumer: consumers > 0, usedAtMs });
      return;
    }
    known.usedAtMs = usedAtMs;
    // One that the broker named is declared again by its name: it stays server-named.
    const { queue: nameAsked = '' } = known.entity.options;
    if (nameAsked !== '') known.entity = entity;
  }

  private bind(binding: RecordedBinding): void {
    const key = bindingKey(binding);
    if (!this.bindings.has(key) && !this.hasRoom()) return;
    this.bindings.set(key, binding);
    for (const end of endsOf(binding)) {
      const keys = this.byEnd.get(end) ?? new Set();
      keys.add(key);
      this.byEnd.set(end, keys);
    }
  }

  /** @param isFinal whether the broker deletes an auto-delete exchange with it, when it was the last that led from it. */
  private removeBinding(key: string, isFinal = true): void {
    const binding = this.bindings.get(key);
    if (binding === undefined) return;
    this.bindings.delete(key);
    for (const end of endsOf(binding)) {
      const keys = this.byEnd.get(end);
      keys?.delete(key);
      if (keys?.size === 0) this.byEnd.delete(end);
    }
    if (isFinal) this.forgetUnusedExchange(binding);
  }

  /** @param last the binding that was removed from it. */
  private forgetUnusedExchange(last: RecordedBinding): void {
    const name = last.source;
    const exchange = this.exchanges.get(name);
    if (exchange?.options.autoDelete !== true) return;
    for (const key of this.byEnd.get(`exchange ${name}`) ?? []) {
      if (this.bindings.get(key)?.source === name) return;
    }
    // It was declared again since, without the binding.
    if (this.leftOut?.has(last) === true && !this.leftOut.has(exchange)) return;
    this.forget('exchange', name);
  }

  private hasRoom(): boolean {
    const isDue = this.size >= this.tidyAt || (this.size >= this.maxRecorded && this.#host.now() >= this.tidyAtMs);
    if (isDue) {
      this.tidy();
      this.tidyAt = Math.max(1024, this.size * 2);
      this.tidyAtMs = this.#host.now() + fullTidyMs;
    }
    if (this.size < this.maxRecorded) return true;
    if (!this.isFull) {
      this.isFull = true;
      const text = `${this.size} queues, exchanges and bindings are recorded; the limit is recover.maxRecorded, ${this.maxRecorded}. What is declared from now on is not made again after a lost connection`;
      this.#host.recordFull(new LimitExceeded(text, { blame: 'caller', scope: 'operation' }));
    }
    return false;
  }
}

/** Two bindings are the same when the broker takes them for one: ends, routing key and encoded arguments. */
function bindingKey({ destinationKind, destination, source, routingKey, arguments: table }: RecordedBinding): string {
  return JSON.stringify([destinationKind, destination, source, routingKey, encodedTable(table)]);
}

function encodedTable(table: FieldTableInput | undefined): string {
  if (table === undefined) return '';
  const writer = new ByteWriter(256);
  encodeMethod(writer, 1, { type: 'queue.bind', queue: '', exchange: '', routingKey: '', arguments: table });
  return writer
    .take()
    .map((bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .join('');
}

function endsOf({ destinationKind, destination, source }: RecordedBinding): readonly string[] {
  return [`${destinationKind} ${destination}`, `exchange ${source}`];
}

/** The key of the exchange or binding that a change ends. */
function leavingKey(change: TopologyChange): string | undefined {
  if (change.type === 'delete') return `${change.kind} ${change.name}`;
  return change.type === 'unbind' ? bindingKey(change.entity) : undefined;
}

/** RabbitMQ: milliseconds without use after which a queue is deleted. */
function expiryOf(table: FieldTableInput | undefined): number | undefined {
  if (table === undefined) return undefined;
  const value: unknown =
    table instanceof Map ? table.get('x-expires') : (table as Record<string, unknown>)['x-expires'];
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'object' && value !== null && 'value' in value ? Number(value.value) : undefined;
}
