/**
 * Runs a program on one broker and writes down what each step brought about, once everything in flight has come to rest.
 * Must not know which broker it is, and must not compare.
 */
import type { TransportConnector } from '@puka/transport';
import type { FieldObjectInput, MethodInput } from '@puka/wire';
import { type Heard, lineOf, RawPeer } from '../raw-peer.ts';
import type { Operation, Program, PublishOperation, SettleOperation } from './operation.ts';
import { exchangeNames, queueNames } from './programs.ts';

/** A broker to run on. */
export interface Stage {
  readonly connector: TransportConnector;
  readonly port: number;
}

/** What was heard on one channel in one step. */
export interface ChannelReport {
  /** `connection/channel`. */
  readonly where: string;
  /** Deliveries in their order. */
  readonly deliveries: readonly string[];
  /** Everything else in its order; confirms one by one. */
  readonly answers: readonly string[];
}

/** What a step brought about: on each channel, and in each queue that may be there. */
export interface StepReport {
  readonly channels: readonly ChannelReport[];
  readonly queues: readonly string[];
}

const probeBase = 100;
const maxRounds = 40;

interface Open {
  readonly peer: RawPeer;
  /** How much of what was heard has been looked at. */
  seen: number;
  readonly channels: Set<number>;
  /** Open channels for looking at queues. */
  readonly probes: Set<number>;
  /** Deliveries that can still be settled, by channel. */
  readonly unsettled: Map<number, number[]>;
  /** Publishes that have their confirm, by channel. */
  readonly confirmed: Map<number, Set<number>>;
  readonly flows: Map<number, number>;
}

/** See the head of the file. */
export class Player {
  private readonly stage: Stage;
  private readonly suffix: string;
  private readonly connections: (Open | undefined)[] = [undefined, undefined];
  private readonly named = new Set<string>();
  private published = 0;

  /** @param suffix stands for `~` in names. */
  constructor(stage: Stage, suffix: string) {
    this.stage = stage;
    this.suffix = suffix;
  }

  /** Runs a program, and takes away what it leaves. */
  async play(program: Program): Promise<readonly StepReport[]> {
    const reports: StepReport[] = [];
    try {
      for (const operation of program) reports.push(await this.step(operation));
    } finally {
      await this.clear();
    }
    return reports;
  }

  private async step(operation: Operation): Promise<StepReport> {
    const { connection, channel } = operation;
    const open = await this.opened(connection, channel);
    const marks = this.connections.map((each) => each?.peer.heard.length ?? 0);
    this.act(open, operation);
    const queues = await this.settled();
    const channels = this.connections.flatMap((each, at) =>
      each === undefined ? [] : reportsOf(each, at, marks[at] ?? 0),
    );
    this.connections.forEach((each, at) => {
      if (each?.peer.isEnded === true) this.connections[at] = undefined;
    });
    return { channels, queues };
  }

  private act(open: Open, operation: Operation): void {
    const { peer } = open;
    const { channel } = operation;
    switch (operation.type) {
      case 'method':
        peer.send(channel, this.renamed(operation.method));
        return;
      case 'publish':
        this.publish(peer, operation);
        return;
      case 'settle':
        settle(open, operation);
        return;
      case 'close':
        if (operation.what === 'channel') {
          open.channels.delete(channel);
          open.unsettled.delete(channel);
          open.confirmed.delete(channel);
          peer.send(channel, { type: 'channel.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
        } else peer.send(0, { type: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
        return;
    }
  }

  private publish(peer: RawPeer, operation: Operation & PublishOperation): void {
    const { channel, exchange, routingKey, mandatory, count, bodyBytes, properties, headers } = operation;
    for (let left = count; left > 0; left--) {
      const body = `m${++this.published}`.padEnd(bodyBytes, '.');
      const fields = { exchange: this.name(exchange), routingKey: this.name(routingKey), mandatory };
      const table = headers === undefined ? {} : { headers: this.renamedTable(headers) };
      peer.publish(channel, fields, body, { ...properties, ...table });
    }
  }

  /** The connection with its channel, made where they are not there. */
  private async opened(at: number, channel: number): Promise<Open> {
    const known = this.connections[at];
    const open = known ?? (await this.connect());
    this.connections[at] = open;
    if (!open.channels.has(channel)) {
      open.channels.add(channel);
      open.peer.send(channel, { type: 'channel.open' });
      await this.settled();
    }
    return open;
  }

  private async connect(): Promise<Open> {
    const peer = await RawPeer.open(this.stage.connector, this.stage.port);
    const open: Open = {
      ...{
        peer,
        seen: peer.heard.length,
        channels: new Set<number>(),
        probes: new Set<number>(),
        unsettled: new Map<number, number[]>(),
      },
      ...{ confirmed: new Map<number, Set<number>>(), flows: new Map<number, number>() },
    };
    return open;
  }

  /** Waits until nothing new is heard in two rounds over all channels and queues. @returns the state of the queues. */
  private async settled(): Promise<readonly string[]> {
    let before: string | undefined;
    let quiet = 0;
    for (let round = 0; round < maxRounds; round++) {
      const heard = this.connections.map((each) => each?.peer.heard.length).join();
      await this.flow();
      const queues = await this.probe();
      const isNew = this.lookAt() || heard === '' || queues.join() !== before;
      before = queues.join();
      quiet = isNew ? 0 : quiet + 1;
      if (quiet >= 2) return queues;
    }
    throw new Error(`the broker has not come to rest: ${before}`);
  }

  /** A round trip on each channel, which the broker answers after all it was asked before. */
  private async flow(): Promise<void> {
    for (const open of this.live) {
      for (const channel of open.channels) {
        open.flows.set(channel, (open.flows.get(channel) ?? 0) + 1);
        open.peer.send(channel, { type: 'channel.flow', active: true });
      }
    }
    for (const open of this.live) {
      const isThere = (): boolean => {
        this.lookAt();
        return [...open.channels].every((channel) => (open.flows.get(channel) ?? 0) === 0);
      };
      while (!isThere() && !open.peer.isEnded) await open.peer.more();
    }
  }

  /** Asks for the state of each queue, from each connection, for some are one's own. */
  private async probe(): Promise<readonly string[]> {
    const asked = [...this.named];
    const answers: string[] = [];
    for (const [at, open] of this.connections.entries()) {
      if (open === undefined || open.peer.isEnded) continue;
      const { peer } = open;
      const from = peer.heard.length;
      asked.forEach((queue, index) => {
        const channel = probeBase + queueNames.indexOf(queue);
        if (!open.probes.has(channel)) peer.send(channel, { type: 'channel.open' });
        open.probes.add(channel);
        answers[at * asked.length + index] = `${at} ${queue} -`;
        peer.send(channel, { type: 'queue.declare', queue: this.name(queue), passive: true });
      });
      const find = (queue: string): Heard | undefined =>
        peer.heard
          .slice(from)
          .find(
            ({ channel, method }) =>
              channel === probeBase + queueNames.indexOf(queue) && method.type !== 'channel.open-ok',
          );
      while (!peer.isEnded && asked.some((queue) => find(queue) === undefined)) await peer.more();
      asked.forEach((queue, index) => {
        const method = find(queue)?.method;
        if (method?.type === 'channel.close') open.probes.delete(probeBase + queueNames.indexOf(queue));
        const text =
          method?.type === 'queue.declare-ok'
            ? `${method.messageCount} ${method.consumerCount}`
            : method?.type === 'channel.close'
              ? String(method.replyCode)
              : '-';
        answers[at * asked.length + index] = `${at} ${queue} ${text}`;
      });
    }
    return answers.filter((answer) => answer !== undefined);
  }

  private get live(): Open[] {
    return this.connections.filter((each): each is Open => each !== undefined && !each.peer.isEnded);
  }

  /** Keeps the books on what was heard. @returns whether there was anything but answers to probes. */
  private lookAt(): boolean {
    let isNew = false;
    for (const open of this.connections) {
      if (open === undefined) continue;
      const { heard } = open.peer;
      for (; open.seen < heard.length; open.seen++) {
        const each = heard[open.seen];
        if (each === undefined || each.channel >= probeBase) continue;
        if (each.method.type === 'channel.flow-ok')
          open.flows.set(each.channel, (open.flows.get(each.channel) ?? 0) - 1);
        else isNew = true;
        account(open, each);
        // The line is ours to end: RabbitMQ waits for that.
        if (each.method.type === 'connection.close-ok') open.peer.drop();
      }
    }
    return isNew;
  }

  /** Takes away all that the program may have left. */
  private async clear(): Promise<void> {
    for (const at of [0, 1]) {
      let open = this.connections[at];
      if (open === undefined || open.peer.isEnded) open = await this.connect();
      this.connections[at] = open;
      const { peer } = open;
      let channel = 2 * probeBase;
      for (const name of queueNames) {
        peer.send(++channel, { type: 'channel.open' }, { type: 'queue.delete', queue: this.name(name) });
      }
      for (const name of exchangeNames) {
        peer.send(++channel, { type: 'channel.open' }, { type: 'exchange.delete', exchange: this.name(name) });
      }
    }
    for (const open of this.live) {
      open.peer.send(0, { type: 'connection.close', replyCode: 200, replyText: '', classId: 0, methodId: 0 });
      await open.peer.next('connection.close-ok');
      open.peer.drop();
    }
  }

  private name(name: string): string {
    return name.replace('~', this.suffix);
  }

  private renamed(method: MethodInput): MethodInput {
    if (method.type === 'queue.declare' && queueNames.includes(method.queue ?? '')) this.named.add(method.queue ?? '');
    switch (method.type) {
      case 'queue.declare':
        return { ...method, queue: this.name(method.queue ?? ''), arguments: this.renamedArguments(method.arguments) };
      case 'queue.bind':
      case 'queue.unbind':
        return {
          ...method,
          queue: this.name(method.queue ?? ''),
          exchange: this.name(method.exchange),
          routingKey: this.name(method.routingKey ?? ''),
        };
      case 'queue.purge':
      case 'queue.delete':
      case 'basic.get':
      case 'basic.consume':
        return { ...method, queue: this.name(method.queue ?? '') };
      case 'exchange.declare':
        return { ...method, exchange: this.name(method.exchange), arguments: this.renamedArguments(method.arguments) };
      case 'exchange.delete':
        return { ...method, exchange: this.name(method.exchange) };
      case 'exchange.bind':
      case 'exchange.unbind':
        return {
          ...method,
          destination: this.name(method.destination),
          source: this.name(method.source),
          routingKey: this.name(method.routingKey ?? ''),
        };
      default:
        return method;
    }
  }

  private renamedArguments<T>(table: T): T | FieldObjectInput {
    return typeof table === 'object' && table !== null && Object.getPrototypeOf(table) === Object.prototype
      ? this.renamedTable(table)
      : table;
  }

  private renamedTable(table: object): FieldObjectInput {
    const rename = (value: unknown): unknown =>
      typeof value === 'string' ? this.name(value) : Array.isArray(value) ? value.map(rename) : value;
    return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, rename(value)])) as FieldObjectInput;
  }
}

/** Keeps what a channel has been given and not yet settled. */
function account(open: Open, { channel, method }: Heard): void {
  if (method.type === 'basic.deliver' || method.type === 'basic.get-ok') {
    const tags = open.unsettled.get(channel) ?? [];
    tags.push(Number(method.deliveryTag));
    open.unsettled.set(channel, tags);
  }
  if (method.type !== 'channel.close') return;
  open.channels.delete(channel);
  open.unsettled.delete(channel);
  open.confirmed.delete(channel);
  open.flows.delete(channel);
}

function settle(open: Open, { channel, how, choice, multiple, requeue }: Operation & SettleOperation): void {
  const tags = open.unsettled.get(channel) ?? [];
  // Now and then a tag that nobody has.
  const deliveryTag = tags[choice % (tags.length + 1)] ?? (tags.length === 0 ? 0 : tags.at(-1)) ?? 0;
  if (tags.length === 0) return;
  open.unsettled.set(
    channel,
    tags.filter((tag) => (multiple && how !== 'reject' ? tag > deliveryTag : tag !== deliveryTag)),
  );
  if (how === 'ack') open.peer.send(channel, { type: 'basic.ack', deliveryTag, multiple });
  else if (how === 'nack') open.peer.send(channel, { type: 'basic.nack', deliveryTag, multiple, requeue });
  else open.peer.send(channel, { type: 'basic.reject', deliveryTag, requeue });
}

function reportsOf(open: Open, connection: number, from: number): ChannelReport[] {
  const byChannel = new Map<number, { deliveries: string[]; answers: string[] }>();
  for (const heard of open.peer.heard.slice(from)) {
    const { channel, method } = heard;
    if (channel >= probeBase || method.type === 'channel.flow-ok') continue;
    const report = byChannel.get(channel) ?? { deliveries: [], answers: [] };
    byChannel.set(channel, report);
    if (method.type === 'basic.deliver') report.deliveries.push(lineOf(heard));
    else report.answers.push(...answersOf(open, heard));
  }
  if (open.peer.isEnded) byChannel.set(-1, { deliveries: [], answers: ['ended'] });
  return [...byChannel]
    .sort(([a], [b]) => a - b)
    .map(([channel, report]) => ({ where: `${connection}/${channel}`, ...report }));
}

/** One line for each confirm, so that it does not matter how many a broker tells at once. */
function answersOf(open: Open, heard: Heard): string[] {
  const { channel, method } = heard;
  if (method.type !== 'basic.ack' && method.type !== 'basic.nack') return [lineOf(heard)];
  const tag = Number(method.deliveryTag);
  const told = open.confirmed.get(channel) ?? new Set<number>();
  open.confirmed.set(channel, told);
  const all = method.multiple === true ? Array.from({ length: tag }, (_, at) => at + 1) : [tag];
  const fresh = all.filter((each) => !told.has(each));
  for (const each of fresh) told.add(each);
  return fresh.map((each) => `${method.type} ${each}`);
}
