/** The events of a client: a listener that throws affects no other code. Must not know what the events mean. */
import { type PukaError, UsageError } from '@puka/errors';
import type { Consumer } from './consuming/consumer.ts';
import type { Operation } from './operations/operation.ts';
import { reportRejection } from './operations/returned-promise.ts';
import type { PlannedAttempt, RecoveryReport } from './recovery/recovery.ts';
import { inThisContext } from './runtime/async-context.ts';
import { LazyMap } from './runtime/lazy-collections.ts';
import type { ConnectionInfo } from './session/index.ts';
import type { RecordedEntity } from './topology/recorded-entity.ts';

/** Each event, and what its listeners get. */
export interface ClientEvents {
  /**
   * The connection is open, and operations go out. `recovery` describes how it was recovered; it is absent for the first
   * connection.
   */
  connected: [info: ConnectionInfo, recovery?: RecoveryReport];
  /** It is gone; `error` is `undefined` after our own close. `isRecovering` is whether another one follows. */
  disconnected: [error: PukaError | undefined, isRecovering: boolean];
  /** An attempt to connect again is planned. */
  recovering: [attempt: PlannedAttempt];
  /**
   * A queue, exchange, binding or consumer was not restored: once when it begins to be tried again, and once when it is given
   * up. Without a listener the error goes to `unobserved`.
   */
  notRestored: [error: PukaError, entity: RecordedEntity, isRetrying: boolean];
  /** A consumer lost its channel, or was cancelled by the broker, while the connection is open; it subscribes again. */
  interrupted: [error: PukaError, consumer: Consumer];
  /** A server-named queue has another name after a recovery. The client translates the old name in all calls. */
  queueRenamed: [from: string, to: string];
  /** RabbitMQ extension: the broker is short of a resource and does not read what we publish. */
  blocked: [reason: string];
  /** RabbitMQ extension: it reads again. */
  unblocked: [];
  /** An operation failed and no caller observed it, or a callback threw; the operation, if there is one. */
  unobserved: [error: unknown, promise: Operation<unknown> | undefined];
  /**
   * Driven by hand: there is something to read or to write, the connection is open, or it is gone. `onRead()`, `onWrite()`
   * and `runAnyCallbacks()` are due.
   */
  ioReady: [];
  /** The client does nothing more: it was closed, or recovery was given up, or is off. Never emitted while it recovers. */
  closed: [error: PukaError | undefined];
}

type Listener = { call(...values: unknown[]): unknown }['call'];

const names: ReadonlySet<string> = new Set<keyof ClientEvents>([
  ...(['connected', 'disconnected', 'recovering', 'notRestored', 'interrupted', 'queueRenamed'] as const),
  ...(['blocked', 'unblocked', 'unobserved', 'ioReady', 'closed'] as const),
]);

/** @throws {UsageError} for an event that is never emitted, and for what cannot be called. */
function check(name: string, listener: unknown): void {
  if (!names.has(name)) throw new UsageError(`there is no event '${String(name)}'; there are ${[...names].join(', ')}`);
  if (typeof listener !== 'function') throw new UsageError(`the listener of ${name} is not a function`);
}

/** Keeps and calls listeners, each in the async context in which it was added. */
export class Events {
  private readonly listeners = new LazyMap<keyof ClientEvents, Listener[]>();
  /** The listener that was given, by the one that is in the list in its place. */
  private givenAs: WeakMap<Listener, Listener> | undefined = undefined;
  private readonly report: (error: unknown) => void;

  /** @param report takes what a listener throws. */
  constructor(report: (error: unknown) => void) {
    this.report = report;
  }

  /** Adds a listener. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): void {
    check(name, listener);
    const bound = inThisContext(listener);
    this.givenAs ??= new WeakMap();
    this.givenAs.set(bound as Listener, this.givenAs.get(listener as Listener) ?? (listener as Listener)); // As below.
    const list = this.listeners.get(name) ?? [];
    this.listeners.set(name, [...list, bound as Listener]); // `emit` calls it with the values of its name.
  }

  /** Adds a listener for one time; `off` with the same listener takes it away before. */
  once<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): void {
    check(name, listener);
    const single = (...values: ClientEvents[Name]): unknown => {
      this.off(name, listener);
      return listener(...values);
    };
    this.givenAs ??= new WeakMap();
    this.givenAs.set(single as Listener, listener as Listener); // As in `on`.
    this.on(name, single);
  }

  /** Takes a listener away. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (...values: ClientEvents[Name]) => void): void {
    const list = this.listeners.get(name) ?? [];
    this.listeners.set(
      name,
      list.filter((other) => other !== listener && this.givenAs?.get(other) !== listener),
    );
  }

  /** @returns whether there was a listener. */
  emit<Name extends keyof ClientEvents>(name: Name, ...values: ClientEvents[Name]): boolean {
    const list = this.listeners.get(name) ?? [];
    for (const listener of list) {
      try {
        reportRejection(listener(...values), this.report);
      } catch (error) {
        this.report(error);
      }
    }
    return list.length > 0;
  }
}
