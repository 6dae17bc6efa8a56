/// <reference lib="esnext.disposable" preserve="true" />
/** The embedded broker as its users see it. Must not hold a rule of AMQP. */
import { randomBytes } from 'node:crypto';
import { ConnectionForced, UsageError } from '@puka/errors';
import type { TransportConnector } from '@puka/transport';
import { checkNames, checkNumber } from './argument-checks.ts';
import type { ClientLine } from './client-line.ts';
import { BrokerClock } from './clock.ts';
import { Driver, type DriverWatch } from './driver.ts';
import type { FaultTargets } from './faults/fault-targets.ts';
import { Faults } from './faults/faults.ts';
import { type Loopback, listen } from './listener/loopback.ts';
import { memoryLines } from './listener/memory.ts';
import { BrokerModel } from './model/broker-model.ts';
import type { Queue } from './model/queues/queue.ts';
import type { VirtualHost } from './model/vhost.ts';
import type { BrokerOptions, OfferOptions, PermissionOptions, UrlParts } from './options.ts';
import type { Mistake } from './protocol/mistake.ts';
import type { ServerContext } from './protocol/server-context.ts';
import { defaultSettings, type ServerSettings } from './protocol/server-settings.ts';
import { putMessage, type TestMessage } from './put-message.ts';
import { Conditions } from './watching/conditions.ts';
import { History } from './watching/history.ts';
import { Mistakes } from './watching/mistakes.ts';
import type { PublishedMessage } from './watching/published-message.ts';
import { Quiet } from './watching/quiet.ts';
import {
  type BindingInfo,
  bindingInfos,
  type ConnectionInfo,
  connectionInfo,
  type ExchangeInfo,
  exchangeInfo,
  type QueueInfo,
  queueInfo,
} from './watching/views.ts';
import { type WaitOptions, Waits } from './watching/waits.ts';

const host = '127.0.0.1';
const offerNames = ['version', 'frameMax', 'channelMax', 'heartbeat'] as const;
const optionNames = [
  ...offerNames,
  ...(['port', 'listen', 'time', 'vhosts', 'historyLimit', 'maxMessageBytes', 'consumerTimeoutMs'] as const),
] as const;

/**
 * A broker within the process: it speaks AMQP 0-9-1 as RabbitMQ 3.10 does, over a port or in memory, keeps everything in
 * memory, and is gone when it is stopped. It keeps no process running. For tests and first steps, not for production.
 */
export class EmbeddedBroker implements AsyncDisposable {
  /** What to do to clients that a broker or a network does to them now and then. */
  readonly faults: Faults;
  private readonly model: BrokerModel;
  private readonly alarms = new Set<string>();
  private readonly clock: BrokerClock;
  private readonly driver: Driver;
  private readonly history: History;
  private readonly quiet: Quiet;
  private readonly mistakeLog: Mistakes;
  private readonly waits = new Waits();
  private readonly conditions = new Conditions(this.waits);
  private settings: ServerSettings;
  private isStopped = false;
  private memoryCount = 0;
  private loopback: Loopback | undefined;

  /** Use `startBroker()`, which listens. */
  constructor(options: BrokerOptions = {}) {
    checkNames('startBroker', options, optionNames);
    const { time = 'real', vhosts = [], historyLimit = 1000 } = options;
    if (time !== 'real' && time !== 'manual') {
      throw new UsageError(`time of startBroker() is '${String(time)}'; it takes 'real' or 'manual'`);
    }
    checkNumber('historyLimit of startBroker()', historyLimit, { mayBeInfinite: true });
    this.history = new History(historyLimit, this.waits);
    this.model = new BrokerModel({ newId: () => randomBytes(16), watch: this.history });
    this.clock = new BrokerClock(time);
    this.faults = new Faults(this.faultTargets());
    this.mistakeLog = new Mistakes(historyLimit);
    this.settings = withChosen(defaultSettings, options);
    this.driver = new Driver(this.context(), this.clock, this.driverWatch());
    const { model: broker } = this;
    const connections = () => Array.from(this.driver.lines, ({ connection }) => connection);
    this.quiet = new Quiet({ broker, connections }, this.waits);
    this.model.nowMs = this.clock.nowMs;
    for (const vhost of ['/', ...vhosts]) this.model.addVhost(vhost);
    this.addUser('guest', 'guest', { vhosts: ['/', ...vhosts], tags: ['administrator'] });
  }

  /** Opens the port. `startBroker()` does it. @throws (rejects) {ConnectionBroken} if the port cannot be opened. */
  async listen(port = 0): Promise<void> {
    this.loopback = await listen(host, port, this.driver.accept);
  }

  /** For a client: user `guest` on the vhost `/`. @throws {UsageError} for a broker that does not listen. */
  get url(): string {
    return this.urlFor();
  }

  /** The port listened on. @throws {UsageError} for a broker that does not listen. */
  get port(): number {
    if (this.loopback !== undefined) return this.loopback.port;
    throw new UsageError('the broker does not listen: start it without `listen: false`, or use transport()');
  }

  /** The URL for another user, password or vhost. */
  urlFor({ user = 'guest', password = 'guest', vhost = '/' }: UrlParts = {}): string {
    const [name, secret, path] = [user, password, vhost].map(encodeURIComponent);
    return `amqp://${name}:${secret}@${host}:${this.port}/${path}`;
  }

  /** Connects clients of `@puka/client` without a network: `new Client('amqp://', { transport: broker.transport() })`. */
  transport(): TransportConnector {
    return memoryLines(
      (line) => {
        if (this.isStopped) throw new UsageError('the broker has been stopped');
        return this.driver.accept(line);
      },
      () => `memory ${++this.memoryCount}`,
    );
  }

  /** Adds a user with all rights on the vhosts named, `/` by default; one of the same name is replaced. */
  addUser(
    name: string,
    password: string,
    options: { readonly vhosts?: readonly string[]; readonly tags?: readonly string[] } = {},
  ): void {
    const { vhosts = ['/'], tags = [] } = options;
    this.model.addUser(name, password, vhosts, tags);
  }

  /** Removes a user; open connections are not affected. */
  removeUser(name: string): void {
    this.model.users.remove(name);
  }

  /** Sets the permissions of a user in a vhost, also for open connections. */
  setPermissions(user: string, options: PermissionOptions = {}): void {
    const { vhost = '/', configure = '.*', write = '.*', read = '.*' } = options;
    this.model.users.setPermissions(user, vhost, { configure, write, read });
  }

  /** Sets which routing keys a user may use at a topic exchange. */
  setTopicPermissions(user: string, exchange: string, options: Omit<PermissionOptions, 'configure'> = {}): void {
    const { vhost = '/', write = '.*', read = '.*' } = options;
    this.model.users.setTopicPermissions(user, vhost, exchange, { write, read });
  }

  /** Adds a vhost, with all rights on it for `guest`. */
  addVhost(name: string): void {
    this.model.addVhost(name);
    this.setPermissions('guest', { vhost: name });
  }

  /** The queues of a vhost. */
  queues(vhost = '/'): readonly QueueInfo[] {
    return Array.from(this.vhost(vhost).queues.values(), queueInfo);
  }

  /** One queue; `undefined` if it is not there. */
  queue(name: string, vhost = '/'): QueueInfo | undefined {
    const queue = this.vhost(vhost).queues.get(name);
    return queue === undefined ? undefined : queueInfo(queue);
  }

  /** The exchanges of a vhost, RabbitMQ's own among them. */
  exchanges(vhost = '/'): readonly ExchangeInfo[] {
    return Array.from(this.vhost(vhost).exchanges.values(), exchangeInfo);
  }

  /** The bindings of a vhost but those of the default exchange. */
  bindings(vhost = '/'): readonly BindingInfo[] {
    return bindingInfos(this.vhost(vhost));
  }

  /** The connections that are open. */
  get connections(): readonly ConnectionInfo[] {
    return [...this.driver.lines].flatMap(({ connection }) => connectionInfo(connection) ?? []);
  }

  /** The last messages that no queue took, returned ones among them. */
  get unroutable(): readonly PublishedMessage[] {
    return this.history.unroutable;
  }

  /**
   * What clients have done wrong: the last channel and connection errors that a client itself was the cause of, such as a 404
   * for a queue that was never declared. What a fault has caused is not among them.
   */
  get mistakes(): readonly Mistake[] {
    return this.mistakeLog.all;
  }

  /** Forgets the mistakes so far. */
  forgetMistakes(): void {
    this.mistakeLog.clear();
  }

  /**
   * Sets what the broker reports of itself and offers to the connections to come, as after an upgrade; open ones keep what they
   * have. What is not given stays.
   */
  offer(options: OfferOptions): void {
    checkNames('offer', options, offerNames);
    this.settings = withChosen(this.settings, options);
  }

  /**
   * Publishes a message without a client; faults do not touch it.
   *
   * @returns how many queues it came to.
   * @throws {NotFound} if there is no such exchange. @throws {PreconditionFailed} for a property RabbitMQ refuses.
   */
  publish(message: TestMessage, vhost = '/'): number {
    this.model.nowMs = this.clock.nowMs;
    const routed = putMessage(this.model, this.vhost(vhost), message);
    this.model.settle();
    this.driver.turnOver();
    return routed;
  }

  /**
   * Waits until so many messages have been put into a queue since the broker started, be they consumed by now.
   *
   * @returns the last of them, as many as are remembered.
   * @throws (rejects) {OperationTimeout} whose text has how many came.
   */
  published(
    queue: string,
    count = 1,
    options: WaitOptions & { readonly vhost?: string } = {},
  ): Promise<readonly PublishedMessage[]> {
    return this.history.published(options.vhost ?? '/', queue, count, options);
  }

  /**
   * Waits until everything in a queue has been consumed: nothing is ready, nothing is unacked.
   *
   * @throws (rejects) {OperationTimeout} whose text has what is left.
   */
  consumed(queue: string, options: WaitOptions & { readonly vhost?: string } = {}): Promise<void> {
    const view = (): QueueInfo | undefined => this.queue(queue, options.vhost);
    return this.conditions.until(() => view()?.ready === 0 && view()?.unacked === 0, {
      ...options,
      describe: () => `consumed('${queue}'): ${view()?.ready ?? 'no queue, 0'} ready, ${view()?.unacked ?? 0} unacked`,
    });
  }

  /** Forgets what was published: `published()` and `unroutable` begin again. */
  forgetPublished(): void {
    this.history.clear();
  }

  /**
   * Waits until nothing is left to do: every message delivered has been settled, every publish has its outcome, nothing is
   * half there, and no client has sent anything for `quietMs` (default 5). Messages without a consumer may stay.
   *
   * @throws (rejects) {OperationTimeout} whose text has what is not at rest.
   */
  idle(options: WaitOptions & { readonly quietMs?: number } = {}): Promise<void> {
    return this.quiet.idle(options);
  }

  /**
   * Waits until something holds that can be seen here, such as `() => broker.queue('jobs')?.consumers.length === 1`.
   *
   * @param condition is asked at once, and whenever something has happened in the broker.
   * @throws (rejects) {OperationTimeout} that shows the condition, or what the condition itself throws.
   */
  until(condition: () => boolean, options: WaitOptions = {}): Promise<void> {
    return this.conditions.until(condition, options);
  }

  /**
   * Puts the clock forward: what expires meanwhile expires, in its order, with every deadline on the way.
   *
   * @param milliseconds of the broker's time.
   * @param options with `clients: 'silent'` the clients are held to have sent nothing all the while, so that heartbeats run
   * out; by default their silence is not held against them, for their own clock has not moved.
   * @throws (rejects) {UsageError} for anything but a number from 0 on.
   */
  async advance(milliseconds: number, options: { readonly clients?: 'alive' | 'silent' } = {}): Promise<void> {
    checkNumber('milliseconds of advance()', milliseconds);
    this.driver.advance(milliseconds, options.clients !== 'silent');
  }

  /** The broker's time. */
  get now(): Date {
    return new Date(this.clock.nowMs);
  }

  /** The broker is short of a resource: publishing connections are notified, and not read until `unblock()`. */
  block(reason: 'memory' | 'disk' = 'memory'): void {
    this.alarms.add(reason);
  }

  /** The broker is short of nothing any more. */
  unblock(): void {
    this.alarms.clear();
    for (const { connection } of this.driver.lines) connection.alarmsChanged(this.clock.nowMs);
    this.driver.turnOver();
  }

  /** Closes every connection as an operator does: 320 CONNECTION_FORCED. */
  closeConnections(reason = 'closed by the test'): void {
    for (const { connection } of this.driver.lines) connection.forceClose(new ConnectionForced(reason));
    this.driver.turnOver();
  }

  /** Restarts: connections are closed, and only durable things with persistent messages are left. */
  restart(): void {
    this.closeConnections("broker forced connection closure with reason 'shutdown'");
    for (const line of [...this.driver.lines]) line.hangUp();
    this.model.restart();
    this.driver.turnOver();
  }

  /** Ends the broker, with every connection to it and all waits for it. Calling it again does nothing. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.faults.endGhosts();
    this.driver.stop();
    this.waits.stop();
    await this.loopback?.close();
  }

  /** `await using broker = await startBroker()` stops it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private vhost(name: string): VirtualHost {
    const vhost = this.model.vhosts.get(name);
    if (vhost === undefined) throw new UsageError(`there is no vhost '${name}'`);
    return vhost;
  }

  private faultTargets(): FaultTargets {
    const lines = (): Iterable<ClientLine> => this.driver.lines;
    const now = (): number => this.clock.nowMs;
    const model = (): BrokerModel => this.model;
    return {
      get nowMs() {
        return now();
      },
      get lines() {
        return lines();
      },
      cancelConsumers: (queue) => this.cancelConsumers(queue),
      queue: (vhost, name) => this.queueNamed(vhost, name),
      vhost: (name) => {
        this.model.nowMs = this.clock.nowMs;
        return this.vhost(name);
      },
      get vhosts() {
        return model().vhosts.values();
      },
      settle: () => this.settle(),
      turnOver: () => this.driver.turnOver(),
    };
  }

  private driverWatch(): DriverWatch {
    return {
      takesLine: (line) => this.faults.takesLine(line),
      turnOver: () => {
        this.quiet.turnOver();
        this.conditions.turnOver();
      },
    };
  }

  private cancelConsumers(name: string | undefined): void {
    const vhosts = [...this.model.vhosts.values()];
    if (name !== undefined && !vhosts.some(({ queues }) => queues.has(name))) {
      throw new UsageError(`there is no queue '${name}' in any vhost`);
    }
    for (const vhost of vhosts) {
      for (const queue of [...vhost.queues.values()]) {
        if (name === undefined || queue.name === name) vhost.cancelConsumers(queue);
      }
    }
    this.settle();
  }

  private queueNamed(vhost: string, name: string): Queue {
    const queue = this.vhost(vhost).queues.get(name);
    if (queue === undefined) throw new UsageError(`there is no queue '${name}' in vhost '${vhost}'`);
    return queue;
  }

  /** Does what follows from what has been done to the model, and sends it. */
  private settle(): void {
    this.model.settle();
    this.driver.turnOver();
  }

  private context(): ServerContext {
    const { model: broker, faults: interference, alarms, mistakeLog } = this;
    const settings = (): ServerSettings => this.settings;
    return {
      ...{ broker, interference, alarms, noteMistake: mistakeLog.add },
      get settings() {
        return settings();
      },
    };
  }
}

/**
 * Starts a broker on a free port of 127.0.0.1. It takes about a millisecond, so each test can have its own.
 *
 * @throws (rejects) {ConnectionBroken} if the given port is not free, {UsageError} for an unknown option.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = new EmbeddedBroker(options);
  if (options.listen !== false) await broker.listen(options.port);
  return broker;
}

function withChosen(settings: ServerSettings, options: OfferOptions & BrokerOptions): ServerSettings {
  const { frameMax, channelMax, heartbeat, maxMessageBytes, consumerTimeoutMs, version } = options;
  const chosen = Object.entries({ frameMax, channelMax, heartbeat, maxMessageBytes, consumerTimeoutMs });
  const known = Object.fromEntries(chosen.filter(([, value]) => value !== undefined));
  const serverProperties =
    version === undefined ? settings.serverProperties : { ...settings.serverProperties, version };
  return { ...settings, ...known, serverProperties };
}
