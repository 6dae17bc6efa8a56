/** What all parts of a program that is being played share: the broker, the clients, and what has gone wrong. */
import type { PublishedMessage } from '@puka/testing';
import { seededRandom } from '../../seeded.ts';
import type { Scene } from '../scene.ts';
import { Actor, type Published, settle, type Upon } from './actor.ts';
import { Network, oneHost, severalHosts } from './network.ts';
import { exchangeKinds, namedQueueKinds, type Program, type Setup } from './steps.ts';

/** Little enough for the largest bodies of a program to fill it. */
export const little = { maxBufferedBytes: 150_000, maxOpenPublishes: 5 };

/** How long what is missing, away or locked is tried again. No ghost lasts so long. */
export const retryForMs = 5000;

/** Nothing is tried for longer, in milliseconds: the quarantine of a queue included. */
const longestMs = 3_600_000;

export class World {
  readonly scene: Scene;
  readonly program: Program;
  readonly actors: readonly Actor[];
  readonly published: Published[] = [];
  readonly wrong: string[] = [];
  readonly random: () => number;
  /** Keys of queues that publishes may go past: they were down, or deleted, or not made again. */
  readonly unsafeQueues: Set<string> = new Set();
  /** Names that the broker has given to queues, each with the key of its queue. */
  readonly keyOfName: Map<string, string> = new Map();
  /** Marks of queues that the broker has named, each with the key of its queue. */
  readonly keyOfMark: Map<number, string> = new Map();
  readonly network: Network;
  /** Bytes of publishes. */
  readonly sizeOf: Map<object, number> = new Map();
  /** `x-priority` of consumers, by tag, as the broker was asked the last time. */
  readonly priorities: Map<string, number> = new Map();
  isNewBroker: boolean;
  isAllTainted = false;
  hasBeenUpgraded = false;
  hasGhosts = false;
  hasDelays = false;
  /** Keys of queues that a program has deleted, or tried to. */
  readonly deletedKeys: Set<string> = new Set();
  /** With a 404 of its own, which is no word about a queue. */
  closesChannels = false;
  /** Queues that had an exclusive consumer, by key. */
  readonly exclusiveKeys: Set<string> = new Set();
  /** When queues were stopped, by key. */
  readonly stoppedAtMs: Map<string, number> = new Map();
  /** What a consumer has in its hands while the broker cancels it comes again from a stream, though it can be acked. */
  cancelsConsumers = false;
  /** Publishes of the judges, numbered. */
  probes = 0;

  constructor(program: Program, scene: Scene) {
    this.program = program;
    this.scene = scene;
    this.isNewBroker = program.isNewBroker;
    this.random = seededRandom(program.seed + 1);
    scene.random = this.random;
    this.network = new Network(scene.connector);
    const now = (): number => scene.clock.now();
    this.actors = program.setups.map((setup, index) => {
      const upon: Upon = { retryIf: [], filter: [] };
      return new Actor(index, setup, this.clientOf(setup, upon), upon, now);
    });
    this.prepareBroker();
  }

  private clientOf({ recover, hosts, holdsLittle, asks }: Setup, upon: Upon): Actor['client'] {
    const answer = (name: keyof Upon): boolean => {
      for (const call of upon[name].splice(0)) call();
      return true;
    };
    const questions = asks ? { retryIf: () => answer('retryIf'), filter: () => answer('filter') } : {};
    const pace = {
      minDelay: 50,
      maxDelay: 1000,
      retryFor: retryForMs,
      exclusiveFor: retryForMs,
      stableAfter: 1000,
      ...questions,
    };
    const options = {
      on: pace,
      refuses: { ...pace, whileDown: 'refuse' },
      transient: { ...pace, topology: 'transient' },
      none: { ...pace, topology: 'none' },
      off: false,
    } as const;
    const limits = holdsLittle ? little : {};
    const urls = hosts === 'several' ? severalHosts : oneHost;
    return this.scene.client(
      { recover: options[recover], transport: this.network.connector, heartbeat: 0, ...limits },
      urls,
    );
  }

  /** What the end of all faults undoes. */
  private prepareBroker(): void {
    this.refuseTransientQueues();
    const look = (method: { readonly consumerTag: string; readonly arguments: unknown }): boolean => {
      this.noteConsume(method);
      return false;
    };
    this.scene.broker.faults.refuse('basic.consume', { code: 404, match: look });
  }

  private noteConsume({ consumerTag, arguments: table }: { consumerTag: string; arguments: unknown }): void {
    const { 'x-priority': priority } = table as { 'x-priority'?: number }; // AMQP: a field table.
    if (priority === undefined) this.priorities.delete(consumerTag);
    else this.priorities.set(consumerTag, Number(priority));
  }

  /** RabbitMQ from 4.3 on: the connection is closed over a queue that is neither durable nor exclusive. */
  refuseTransientQueues(): void {
    if (!this.isNewBroker) return;
    this.scene.broker.faults.refuse('queue.declare', {
      code: 541,
      times: Number.POSITIVE_INFINITY,
      match: ({ passive, durable, exclusive }) => !passive && !durable && !exclusive,
    });
  }

  /** All faults end, but not what the broker is. */
  endFaults(): void {
    const { broker } = this.scene;
    broker.faults.clear();
    this.network.mend();
    // Ahead of what the broker reads again.
    this.prepareBroker();
    broker.unblock();
  }

  /** The key of a queue of the program's; `undefined` for the broker's other queues. */
  keyOf(name: string): string | undefined {
    return /^[a-z]\d$/.test(name) ? name : this.keyOfName.get(name);
  }

  /** Remembers how the broker calls the queues that it has named. They are found by their marks, not by what a client says. */
  noteNames(): void {
    for (const { name, arguments: table } of this.scene.broker.queues()) {
      const key = this.keyOfMark.get(Number(table['x-max-length']));
      if (key !== undefined) this.keyOfName.set(name, key);
    }
  }

  /** What the clients may have declared, without what the broker named. */
  get names(): string[] {
    const kinds = [...namedQueueKinds, ...exchangeKinds];
    return this.actors.flatMap((_actor, index) => kinds.map((kind) => `${kind}${index}`));
  }

  /** Keys and names of all that the clients may have declared. */
  get keys(): string[] {
    return [...this.names, ...this.keyOfMark.values()];
  }

  /** What was done to these is not followed by the models. */
  taint(...keys: readonly string[]): void {
    for (const { model } of this.actors) model.taint(...keys);
  }

  /** The same for all exchanges: auto-delete ones go with queues. */
  taintExchanges(): void {
    this.taint(...this.names.filter((name) => /^[ef]/.test(name)));
  }

  /** Something that no model follows: nothing is certain any more, nor what is still to be made. */
  taintAll(): void {
    this.taint(...this.keys);
    for (const key of this.keys) this.unsafeQueues.add(key);
    this.isAllTainted = true;
  }

  /** Whether the model of a client does not follow what has this key. */
  isUncertain(key: string, { model }: Actor): boolean {
    return this.isAllTainted || model.tainted.has(key);
  }

  /** What was ever put into a queue of that name. */
  async historyOf(queue: string): Promise<readonly PublishedMessage[]> {
    const never = new Promise<readonly []>((resolve) => setImmediate(() => resolve([])));
    return Promise.race([this.scene.broker.published(queue, 1).catch(() => []), never]);
  }

  /** Settles what consumers hold, until nothing more comes. */
  async settleHeld(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      const consumers = this.actors.flatMap((actor) => actor.consumers).filter(({ waiting }) => waiting.length > 0);
      for (const subscribed of consumers) {
        for (const message of subscribed.waiting.splice(0)) settle(subscribed, message);
      }
      await this.scene.settle();
      if (consumers.length === 0) return;
    }
    this.complain('messages come without end');
  }

  /** Lets the clock run until nothing is due. */
  async calmDown(): Promise<void> {
    const { scene } = this;
    const { clock } = scene;
    const untilMs = clock.now() + longestMs;
    for (let { nextAt } = clock; nextAt !== undefined; { nextAt } = clock) {
      await scene.advance(Math.max(1, nextAt - clock.now()));
      if (clock.now() < untilMs) continue;
      this.complain('something is due for ever');
      return;
    }
  }

  complain(text: string): void {
    this.wrong.push(text);
  }
}
