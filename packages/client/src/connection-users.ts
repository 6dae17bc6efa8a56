/**
 * Makes everything that uses a connection and outlives it, and passes the connection on to all of it as one.
 * Must not decide anything.
 */
import type { PukaError } from '@puka/errors';
import { ChannelPool } from './connection/channel-pool.ts';
import type { ConnectionUser, ConnectionUserGroup } from './connection/connection-user.ts';
import { Getting } from './consuming/getting.ts';
import { Subscriptions, type SubscriptionsHost } from './consuming/subscriptions.ts';
import { DirectReplies } from './direct-replies.ts';
import { ExchangeChecks } from './publishing/exchange-checks.ts';
import type { PublishCounts } from './publishing/publish-counts.ts';
import { Publisher, type PublisherHost } from './publishing/publisher.ts';
import type { ConnectionInfo, Session, SessionChannel } from './session/index.ts';
import { Requests } from './topology/requests.ts';

/** Nothing waits for the answer to `channel.open`. */
const noReply = (): void => {};

/** What the users of a connection report to their client. */
export interface ConnectionUsersHost extends SubscriptionsHost {
  readonly options: { readonly pubacks?: boolean | undefined };
  /** As the option of that name. */
  readonly maxTableDepth: number;
  readonly counts: { readonly publishes: PublishCounts };
  /** The client's clock, in milliseconds. */
  now(): number;
  /** Publishes have their outcome: `openBytes` has gone down. */
  publishesSettled(): void;
  /** A request or a get has its outcome. */
  settled(): void;
}

/** The users of the connections of one client. */
export class ConnectionUsers implements ConnectionUserGroup, PublisherHost {
  /** For the publishers, as everything in `PublisherHost`. */
  readonly pubacks: boolean | undefined;
  readonly names: PublisherHost['names'];
  readonly counts: PublishCounts;
  readonly publisher: Publisher;
  /** Publishes that ask for direct replies, and their consumer. */
  readonly replies: DirectReplies;
  readonly exchanges: ExchangeChecks;
  readonly pool: ChannelPool;
  readonly requests: Requests;
  readonly subscriptions: Subscriptions;
  readonly getting: Getting;
  /** Publishes, and other operations, that had no outcome when a connection ended for good. */
  readonly failedByEnd = { publishes: 0, operations: 0 };
  private readonly all: readonly ConnectionUser[];
  readonly #host: ConnectionUsersHost;

  constructor(host: ConnectionUsersHost) {
    this.pool = new ChannelPool(() => this.publisher.hasChannel);
    this.exchanges = new ExchangeChecks(this.pool, host);
    const { topology } = host.recovery;
    this.pubacks = host.options.pubacks;
    this.names = topology;
    this.counts = host.counts.publishes;
    this.#host = host;
    this.publisher = new Publisher(this, this.exchanges);
    this.replies = new DirectReplies(this, this.exchanges);
    this.requests = new Requests(this.pool, topology, host);
    this.subscriptions = new Subscriptions(this.pool, host, this.replies);
    this.getting = new Getting(this.pool, topology, host);
    // Subscribing comes first, publishing last: a broker short of memory reads nothing after a publish.
    // The pool is detached last: what waits there for a channel ends when those that wait know why.
    const publishers = [this.publisher, this.replies];
    this.all = [this.subscriptions, this.requests, this.getting, ...publishers, this.exchanges, this.pool];
  }

  now(): number {
    return this.#host.now();
  }

  publishesSettled(): void {
    this.#host.publishesSettled();
  }

  openChannel(session: Session, publisher: Publisher): SessionChannel | undefined {
    return session.openChannel(publisher, noReply);
  }

  /** Channels can be lent. */
  prepare(session: Session): void {
    this.pool.attach(session);
  }

  attach(session: Session, info: ConnectionInfo): void {
    for (const user of this.all) if (user !== this.pool) user.attach(session, info);
  }

  detach(error: PukaError, willRecover: boolean): void {
    if (!willRecover) {
      this.failedByEnd.publishes += this.openPublishes;
      this.failedByEnd.operations += this.openOperations;
    }
    for (const user of this.all) user.detach(error, willRecover);
  }

  /** Of these only publishing has something to send ahead. */
  beforeWrite(): void {
    this.publisher.beforeWrite();
    this.replies.beforeWrite();
  }

  get awaitsAnswer(): boolean {
    return this.publisher.awaitsAnswer || this.replies.awaitsAnswer;
  }

  get openBytes(): number {
    return this.publisher.openBytes + this.replies.openBytes;
  }

  /** Requests, gets and consumers that wait for the next connection. */
  get heldOperations(): number {
    return this.requests.heldCount + this.getting.heldCount + this.subscriptions.heldCount;
  }

  /** Publishes without an outcome. */
  get openPublishes(): number {
    return this.publisher.outstanding + this.replies.outstanding;
  }

  /** Requests and gets without an outcome. */
  get openOperations(): number {
    return this.requests.outstanding + this.getting.outstanding;
  }

  /** All without an outcome. */
  get outstanding(): number {
    return this.openPublishes + this.openOperations;
  }
}
