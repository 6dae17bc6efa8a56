/**
 * Plays a program on the embedded broker, lets all faults end, and reports what is wrong. Must not decide what is done: the
 * program does.
 */
import type { Client } from '../../../src/client.ts';
import type { Consumer } from '../../../src/consuming/consumer.ts';
import type { Message } from '../../../src/consuming/message.ts';
import type { Operation } from '../../../src/operations/operation.ts';
import { picked, seededRandom } from '../../seeded.ts';
import { endOf, eventGrammar, eventsOf, Scene } from '../scene.ts';
import { NaiveModel } from './naive-model.ts';
import { exchangeKinds, type Fault, type Program, queueKinds, type Step } from './steps.ts';

interface Started {
  readonly text: string;
  readonly operation: Operation<unknown>;
  settled: number;
}

interface Published extends Started {
  readonly body: string;
  readonly mandatory: boolean;
  readonly actor: Actor;
  /** Connections that its client had lost when it was called. */
  readonly lossesBefore: number;
  /** The durable queue it goes to, if that was there at the call. */
  readonly queue: string | undefined;
}

interface Subscribed {
  readonly consumer: Consumer;
  readonly queues: readonly string[];
  readonly waiting: Message[];
  prefetch: number;
  isTold: boolean;
}

class Actor {
  readonly client: Client;
  readonly events: string[];
  readonly model: NaiveModel = new NaiveModel();
  readonly consumers: Subscribed[] = [];
  isClosed = false;
  /** Connections lost so far. */
  losses = 0;

  constructor(client: Client) {
    this.client = client;
    this.events = eventsOf(client);
    client.on('unobserved', () => {});
    client.on('notRestored', () => {});
    client.on('disconnected', () => {
      this.losses++;
    });
  }
}

/** Errors that a program may mean, or that a fault of its may cause. */
const expectedCodes: ReadonlySet<string> = new Set([
  'ACCESS_REFUSED',
  'AUTHENTICATION_FAILED',
  'CONNECTION_BROKEN',
  'CONNECTION_FORCED',
  'CONSUMER_CANCELLED',
  'HANDSHAKE_TIMEOUT',
  'INTERNAL_ERROR',
  'NOT_FOUND',
  'NO_ROUTE',
  'PRECONDITION_FAILED',
  'RESOURCE_LOCKED',
  'USAGE_ERROR',
]);

/** Plays it. @returns what is wrong; nothing if all is well. */
export async function play(program: Program): Promise<string[]> {
  const player = new Player(program, await Scene.start({ historyLimit: 100_000 }));
  try {
    return await player.play();
  } catch (error) {
    return [`thrown: ${error instanceof Error ? error.stack : error}`];
  } finally {
    await player.scene.broker.stop();
  }
}

class Player {
  readonly scene: Scene;
  private readonly program: Program;
  private readonly actors: Actor[] = [];
  private readonly started: Started[] = [];
  private readonly published: Published[] = [];
  private readonly wrong: string[] = [];
  private readonly random: () => number;
  /** Publishes may go past a durable queue: it was down, or deleted. */
  private readonly unsafeQueues = new Set<string>();

  constructor(program: Program, scene: Scene) {
    this.program = program;
    this.scene = scene;
    this.random = seededRandom(program.seed + 1);
    scene.random = this.random;
  }

  async play(): Promise<string[]> {
    const { scene, program } = this;
    const recover = { minDelay: 50, maxDelay: 1000, retryFor: 5000, exclusiveFor: 5000, stableAfter: 1000 };
    for (let index = 0; index < program.clients; index++) {
      const actor = new Actor(scene.client({ recover }));
      this.actors.push(actor);
      actor.client.connect();
    }
    await scene.settle();
    for (const step of program.steps) await this.take(step);
    await this.quieten();
    for (const actor of this.actors) await this.judge(actor);
    await this.judgePublishes();
    await this.close();
    return this.wrong;
  }

  private async take(step: Step): Promise<void> {
    const { scene } = this;
    switch (step.do) {
      case 'turn':
        await scene.settle();
        return;
      case 'advance':
        await scene.advance(step.ms);
        return;
      case 'fault':
        this.break(step.fault, step.choice);
        return;
      default: {
        const actor = this.actors[step.client];
        if (actor !== undefined) this.call(step, actor);
      }
    }
  }

  private call(step: Exclude<Step, { do: 'turn' | 'advance' | 'fault' }>, actor: Actor): void {
    const { client, model } = actor;
    const name = (kind: string): string => `${kind}${step.client}`;
    switch (step.do) {
      case 'declare': {
        const queue = name(step.queue);
        const options = {
          durable: step.queue === 'd',
          exclusive: step.queue === 'x',
          autoDelete: step.queue === 'a',
        };
        this.change(step, actor, client.queueDeclare({ queue, ...options }), [queue], () => model.queues.add(queue));
        break;
      }
      case 'delete': {
        const queue = name(step.queue);
        this.unsafeQueues.add(queue);
        this.change(step, actor, client.queueDelete({ queue }), [queue], () => model.deleteQueue(queue));
        break;
      }
      case 'purge':
        this.start(step, client.queuePurge({ queue: name(step.queue) }));
        break;
      case 'get':
        client.basicGet({ queue: name(step.queue) }).then(
          (message) => message?.ack(),
          () => {},
        );
        break;
      case 'exchange': {
        const exchange = name(step.exchange);
        const options = { durable: step.exchange === 'e', autoDelete: step.exchange === 'f' };
        const operation = client.exchangeDeclare({ exchange, ...options });
        this.change(step, actor, operation, [exchange], () => model.exchanges.add(exchange));
        break;
      }
      case 'exchangeDelete': {
        const exchange = name(step.exchange);
        this.change(step, actor, client.exchangeDelete({ exchange }), [exchange], () => model.deleteExchange(exchange));
        break;
      }
      case 'bind':
      case 'unbind': {
        const route = { queue: name(step.queue), exchange: name(step.exchange), routingKey: 'k' };
        const operation = step.do === 'bind' ? client.queueBind(route) : client.queueUnbind(route);
        this.change(step, actor, operation, [route.queue, route.exchange], () =>
          model[step.do](route.queue, route.exchange),
        );
        break;
      }
      case 'publish':
        this.publish(step, actor);
        break;
      case 'consume':
        this.consume([name(step.queue)], step.prefetch, step.holds, actor);
        break;
      case 'consumeMulti':
        this.consume([name('d'), name('t')], step.prefetch, false, actor);
        break;
      case 'cancel': {
        const chosen = this.chosen(actor, step.choice);
        if (chosen === undefined) break;
        // The code that cancels is not called with the end.
        chosen.isTold = true;
        this.start(step, client.basicCancel(chosen.consumer));
        break;
      }
      case 'qos': {
        const chosen = this.chosen(actor, step.choice);
        if (chosen === undefined) break;
        const prefetchCount = step.choice % 7;
        const operation = client.basicQos(chosen.consumer, { prefetchCount });
        this.start(step, operation);
        operation.then(
          () => {
            chosen.prefetch = prefetchCount;
          },
          () => {},
        );
        break;
      }
      case 'settleOne': {
        const holders = actor.consumers.filter(({ waiting }) => waiting.length > 0);
        const message = holders[step.choice % Math.max(1, holders.length)]?.waiting.shift();
        if (step.choice % 3 === 0) message?.reject({ requeue: true });
        else message?.ack();
        break;
      }
      case 'connect':
        this.start(step, client.connect());
        break;
      case 'close':
        actor.isClosed = true;
        // They end without an error, which is not reported.
        for (const subscribed of actor.consumers) subscribed.isTold = true;
        this.start(step, client.close());
        this.start(step, client.connect());
        break;
    }
  }

  private chosen({ consumers }: Actor, choice: number): Subscribed | undefined {
    const living = consumers.filter(({ consumer }) => !consumer.isEnded);
    return living[choice % Math.max(1, living.length)];
  }

  private start(step: Step, operation: Operation<unknown>): Started {
    const started = { text: JSON.stringify(step), operation, settled: 0 };
    this.started.push(started);
    const count = (): void => {
      started.settled++;
    };
    operation.then(count, count);
    return started;
  }

  /** Something that the model follows once the broker has answered with ok. */
  private change(
    step: Step,
    { model }: Actor,
    operation: Operation<unknown>,
    names: readonly string[],
    apply: () => void,
  ): void {
    this.start(step, operation);
    operation.then(apply, (error: unknown) => {
      const { outcome } = error as { readonly outcome?: string }; // Every error of the client's has one.
      if (outcome !== 'not-sent' && outcome !== 'refused') model.taint(...names);
    });
  }

  private publish(step: Extract<Step, { do: 'publish' }>, actor: Actor): void {
    const { client, model } = actor;
    const { mandatory, size } = step;
    const to = `${step.to}${step.client}`;
    const isQueue = (queueKinds as readonly string[]).includes(step.to);
    const body = `${this.published.length}:${'.'.repeat(size)}`;
    const route = isQueue ? { routingKey: to } : { exchange: to, routingKey: 'k' };
    const operation = client.basicPublish({ ...route, body, mandatory, deliveryMode: 2 });
    const started = this.start(step, operation);
    const queue = step.to === 'd' && model.queues.has(to) ? to : undefined;
    this.published.push({ ...started, body, mandatory, queue, actor, lossesBefore: actor.losses });
  }

  private consume(queues: readonly string[], prefetch: number, holds: boolean, actor: Actor): void {
    const { client, model, consumers } = actor;
    const waiting: Message[] = [];
    const take = (_error: unknown, message: Message | undefined): void => {
      if (message === undefined) subscribed.isTold = true;
      else if (holds) waiting.push(message);
      else message.ack();
    };
    const consumer = client.basicConsumeMulti({ queues, prefetchCount: prefetch }, take);
    const subscribed: Subscribed = { consumer, queues, waiting, prefetch, isTold: false };
    consumers.push(subscribed);
    this.start({ do: 'consumeMulti', client: this.actors.indexOf(actor), prefetch }, consumer.ready);
    // An auto-delete queue goes with its last consumer, in an order that the model does not follow.
    for (const queue of queues) if (queue.startsWith('a')) model.taint(queue);
  }

  private break(fault: Fault, choice: number): void {
    const { broker } = this.scene;
    const { faults } = broker;
    const bytes = choice % 1500;
    switch (fault) {
      case 'drop':
        faults.dropConnections();
        break;
      case 'dropAfterBroker':
        faults.dropAfterBytes(bytes);
        break;
      case 'dropAfterClient':
        faults.dropAfterBytes(bytes, { from: 'client' });
        break;
      case 'dropNextBroker':
        faults.dropAfterBytes(bytes, { connections: 'next' });
        break;
      case 'dropNextClient':
        faults.dropAfterBytes(bytes, { connections: 'next', from: 'client' });
        break;
      case 'ghosts':
        faults.ghosts(choice % 4000);
        break;
      case 'refuse':
        this.refuse(choice);
        break;
      case 'delay':
        // Answers of several channels come in another order than their methods took effect.
        for (const { model } of this.actors) model.taint(...this.namesOf().filter((name) => /^[ef]/.test(name)));
        faults.delayReplies(
          picked(['queue.declare', 'basic.consume', 'queue.bind', 'basic.cancel'], this.random),
          bytes,
          {
            times: 2,
          },
        );
        break;
      case 'closeChannels':
        faults.closeChannels();
        break;
      case 'removeQueue':
        this.removeQueue(choice);
        break;
      case 'stopQueue':
        this.stopQueue();
        break;
      case 'vhostDown':
        faults.vhostDown();
        break;
      case 'restart':
        broker.restart();
        break;
      case 'block':
        broker.block();
        break;
      case 'forceClose':
        broker.closeConnections();
        break;
      case 'reorderConfirms':
        faults.reorderConfirms();
        break;
      case 'clear':
        faults.clear();
        broker.unblock();
        break;
    }
  }

  private refuse(choice: number): void {
    const methods = ['queue.declare', 'queue.bind', 'basic.consume', 'exchange.declare', 'basic.publish'] as const;
    const method = picked(methods, this.random);
    const code = picked([403, 404, 405, 406, 541] as const, this.random);
    this.scene.broker.faults.refuse(method, { code, times: 1 + (choice % 2) });
    // What was refused once, by a fault, is not made again: the model does not follow.
    for (const { model } of this.actors) model.taint(...this.namesOf());
  }

  private namesOf(): string[] {
    const kinds = [...queueKinds, ...exchangeKinds];
    return this.actors.flatMap((_actor, index) => kinds.map((kind) => `${kind}${index}`));
  }

  private removeQueue(choice: number): void {
    const candidates = this.scene.broker.queues().filter(({ name }) => !name.startsWith('d'));
    const found = candidates[choice % Math.max(1, candidates.length)];
    if (found === undefined) return;
    this.scene.broker.faults.removeQueue(found.name);
    for (const { model } of this.actors)
      model.taint(found.name, ...this.namesOf().filter((name) => /^[ef]/.test(name)));
  }

  private stopQueue(): void {
    const found = this.scene.broker.queues().find(({ name }) => name.startsWith('d'));
    if (found === undefined) return;
    this.unsafeQueues.add(found.name);
    // What is unbound while it is down is bound again with it.
    for (const { model } of this.actors) model.taint(found.name);
    this.scene.broker.faults.stopQueue(found.name);
  }

  /** All faults end, and the clock runs until nothing is due. Then the connection is lost once more. */
  private async quieten(): Promise<void> {
    const { scene } = this;
    const { broker } = scene;
    for (let round = 0; round < 2; round++) {
      await scene.settle();
      broker.faults.clear();
      broker.unblock();
      await scene.advance(round === 0 ? 12_000 : 75_000);
      if (round === 0) broker.faults.dropConnections();
    }
    for (let round = 0; round < 50; round++) {
      const waiting = this.actors.flatMap(({ consumers }) => consumers.flatMap((each) => each.waiting.splice(0)));
      for (const message of waiting) message.ack();
      await scene.settle();
      if (waiting.length === 0) break;
    }
  }

  private async judge(actor: Actor): Promise<void> {
    const { client, events } = actor;
    const index = this.actors.indexOf(actor);
    // The first connect of a life is tried once.
    if (actor.isClosed && client.state === 'idle') return;
    if (client.state !== 'connected') this.wrong.push(`client ${index} is ${client.state}: ${events.join(' ')}`);
    const { held } = client.recovery;
    if (held.bytes !== 0 || held.operations !== 0) this.wrong.push(`client ${index} holds ${JSON.stringify(held)}`);
    this.judgeConsumers(actor, index);
    this.judgeTopology(actor, index);
  }

  private judgeConsumers({ consumers }: Actor, index: number): void {
    const { broker } = this.scene;
    for (const kind of queueKinds) {
      const name = `${kind}${index}`;
      const living = consumers.filter(({ consumer, queues }) => !consumer.isEnded && queues.includes(name));
      const expected = living.map(({ prefetch }) => prefetch).sort();
      const queue = broker.queue(name);
      const there = (queue?.consumers ?? []).map(({ prefetchCount }) => prefetchCount).sort();
      if (`${there}` !== `${expected}`) this.wrong.push(`${name} has consumers with ${there}; the program ${expected}`);
      if (queue !== undefined && there.length > 0 && queue.ready + queue.unacked > 0) {
        this.wrong.push(`${name} has consumers, and keeps ${queue.ready} ready, ${queue.unacked} unacked`);
      }
    }
    for (const { consumer, isTold, queues } of consumers) {
      if (consumer.isEnded && !isTold) this.wrong.push(`the end of a consumer of ${queues} was not told`);
    }
  }

  private judgeTopology({ model, client, isClosed }: Actor, index: number): void {
    if (isClosed) return;
    const { broker } = this.scene;
    const isOurs = (name: string): boolean => /^[dtxaef]\d$/.test(name) && name.endsWith(`${index}`);
    const isCertain = (name: string): boolean => isOurs(name) && !model.tainted.has(name);
    const same = (what: string, there: readonly string[], expected: Iterable<string>): void => {
      const wanted = [...expected].sort();
      const found = [...there].sort();
      if (`${found}` !== `${wanted}`) this.wrong.push(`${what} of client ${index}: ${found}; declared were ${wanted}`);
    };
    const queues = broker.queues().map(({ name }) => name);
    const exchanges = broker.exchanges().map(({ name }) => name);
    const bindings = broker.bindings().map(({ source, destination }) => `${destination}|${source}`);
    const areCertain = (binding: string): boolean => binding.split('|').every(isCertain);
    same('queues', queues.filter(isCertain), [...model.queues].filter(isCertain));
    const autoIsCertain = !model.tainted.has(`a${index}`);
    const exchangeIsCertain = (name: string): boolean => isCertain(name) && (autoIsCertain || name.startsWith('e'));
    same('exchanges', exchanges.filter(exchangeIsCertain), [...model.exchanges].filter(exchangeIsCertain));
    const bindingIsCertain = (binding: string): boolean =>
      areCertain(binding) && exchangeIsCertain(binding.slice(binding.indexOf('|') + 1));
    same('bindings', bindings.filter(bindingIsCertain), [...model.bindings].filter(bindingIsCertain));
    if (model.tainted.size > 0) return;
    const counts = {
      exchanges: exchanges.filter(isOurs).length,
      queues: queues.filter(isOurs).length,
      bindings: bindings.filter((binding) => binding.split('|').every(isOurs)).length,
    };
    const { recorded } = client.recovery;
    if (JSON.stringify(recorded) !== JSON.stringify(counts)) {
      this.wrong.push(`recorded ${JSON.stringify(recorded)}, the broker has ${JSON.stringify(counts)}`);
    }
  }

  private async judgePublishes(): Promise<void> {
    const histories = new Map<string, readonly string[]>();
    for (const name of this.namesOf()) histories.set(name, await this.historyOf(name));
    const seen = new Set([...histories.values()].flat());
    for (const { text, operation, body, mandatory, queue } of this.published) {
      const isRouted = mandatory || (queue !== undefined && !this.unsafeQueues.has(queue));
      const end = endOf(operation);
      const short = `${text} ${body.slice(0, 8)}`;
      if (end === 'fulfilled' && isRouted && !seen.has(body)) this.wrong.push(`confirmed and nowhere: ${short}`);
      if (end.endsWith('not-sent') && seen.has(body)) this.wrong.push(`not sent, and there: ${short}`);
    }
    for (const [name, bodies] of histories) {
      if (!this.unsafeQueues.has(name)) this.judgeOrder(name, bodies);
      this.judgeCopies(name, bodies);
    }
  }

  /** A publish goes out once over each connection, and once more if its channel was closed. */
  private judgeCopies(name: string, bodies: readonly string[]): void {
    const { mistakes } = this.scene.broker;
    const closes = this.program.steps.filter(
      (step) => step.do === 'fault' && (step.fault === 'closeChannels' || step.fault === 'refuse'),
    ).length;
    const copies = new Map<string, number>();
    for (const body of bodies) copies.set(body, (copies.get(body) ?? 0) + 1);
    for (const { body, text, actor, lossesBefore } of this.published) {
      const found = copies.get(body) ?? 0;
      const most = 1 + actor.losses - lossesBefore + closes * 2 + mistakes.length;
      if (found > most) this.wrong.push(`${name} got ${found} copies, not ${most}: ${text} ${body.slice(0, 8)}`);
    }
  }

  /** The first copies of what one client sends to one queue come in the order of its calls. */
  private judgeOrder(name: string, bodies: readonly string[]): void {
    const direct = new Set(this.published.filter(({ queue }) => queue === name).map(({ body }) => body));
    let last = -1;
    for (const body of new Set(bodies)) {
      if (!direct.has(body)) continue;
      const index = Number.parseInt(body, 10);
      if (index < last) {
        this.wrong.push(`${name} got ${index} behind ${last}`);
        return;
      }
      last = index;
    }
  }

  private async historyOf(queue: string): Promise<readonly string[]> {
    const never = new Promise<readonly []>((resolve) => setImmediate(() => resolve([])));
    const messages = await Promise.race([this.scene.broker.published(queue, 1).catch(() => []), never]);
    return messages.map((message) => message.text());
  }

  private async close(): Promise<void> {
    const { scene } = this;
    const closing = this.actors.map(({ client }) => client.close());
    await scene.settle();
    await scene.advance(20_000);
    for (const operation of closing) if (operation.state !== 'fulfilled') this.wrong.push('close() does not settle');
    for (const { text, operation, settled } of this.started) {
      const end = endOf(operation);
      const [code = ''] = end.split(' ');
      if (settled !== 1) this.wrong.push(`settled ${settled} times, ${end}: ${text}`);
      else if (code !== 'fulfilled' && !expectedCodes.has(code)) this.wrong.push(`${end}: ${text}`);
    }
    for (const { events } of this.actors) {
      for (const life of `${events.join(' ')} `.split(/(?<=closed )/)) {
        if (life !== '' && !eventGrammar.test(life)) this.wrong.push(`events: ${life}`);
      }
    }
    if (scene.sockets !== 0 || scene.timers !== 0)
      this.wrong.push(`left: ${scene.sockets} sockets, ${scene.timers} timers`);
    if (scene.warnings.length > 0) this.wrong.push(`warned: ${scene.warnings.map(String).join(' ')}`);
    for (const { replyCode, replyText, method } of scene.broker.mistakes) {
      const isMeant = replyCode === 404 || replyCode === 405 || /in exclusive use/.test(replyText);
      if (!isMeant) this.wrong.push(`mistake: ${method} ${replyText}`);
    }
  }
}
