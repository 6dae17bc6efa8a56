/**
 * One connection of a player, with the books on it: which channels are open, what is unsettled, what has been confirmed.
 * Must not know programs.
 */
import type { TransportConnector } from '@puka/transport';
import { type Heard, RawPeer } from '../raw-peer.ts';
import { connectionUsers } from './names.ts';
import { Probe } from './probe.ts';
import { confirmsOf } from './report.ts';

/** A broker to run on: the vhost is there, and so is the user `limited`, with the password `limited`. */
export interface Stage {
  readonly connector: TransportConnector;
  readonly port: number;
  readonly vhost: string;
  /** Lets a little time go by, where it would stand still. RabbitMQ: some things happen a millisecond later. */
  readonly letTimePass?: () => Promise<void>;
}

/** Channels from here on are for looking, and what is heard on them is not reported. */
export const probeChannel = 100;
/** The tag of the consumer that shows whether a channel is still there. */
const watchTag = 'watch';

/**
 * One connection of a player, with the books on it: which channels are open, what is unsettled, what has been confirmed.
 */
export class Seat {
  readonly peer: RawPeer;
  /** An exclusive queue, which goes when the broker has noticed that the connection has gone. */
  readonly lineQueue: string;
  readonly channels: Set<number> = new Set();
  readonly probe: Probe;
  /** Deliveries that can still be settled, by channel. */
  readonly unsettled: Map<number, number[]> = new Map();
  /** Publishes that have their confirm, by channel, as far as steps have been reported. */
  readonly confirmed: Map<number, Set<number>> = new Map();
  private readonly flows = new Map<number, number>();
  /** The broker has closed the connection. */
  isClosing = false;
  private seen = 0;
  private reported = 0;

  private constructor(peer: RawPeer, lineQueue: string) {
    this.peer = peer;
    this.lineQueue = lineQueue;
    this.probe = new Probe(peer, probeChannel);
  }

  /** @param at which connection of the program it is. */
  static async take(stage: Stage, at: number, lineQueue: string): Promise<Seat> {
    const user = connectionUsers[at] ?? 'guest';
    const { connector, port, vhost } = stage;
    const peer = await RawPeer.open(connector, port, { username: user, password: user, vhost });
    const seat = new Seat(peer, lineQueue);
    await seat.probe.call({ type: 'queue.declare', queue: lineQueue, exclusive: true });
    return seat;
  }

  /** Opens a channel where it is not open. @param watchQueue gets a consumer on it. */
  async ready(channel: number, watchQueue: string): Promise<void> {
    if (!this.channels.has(channel)) {
      this.channels.add(channel);
      this.lookAt();
      this.reported = this.seen;
      const consume = { type: 'basic.consume', queue: watchQueue, consumerTag: watchTag, noAck: true } as const;
      this.peer.send(channel, { type: 'channel.open' }, consume);
      await this.answer(channel, ['basic.consume-ok']);
    }
    this.lookAt();
    this.reported = this.seen;
  }

  /** A round trip on each channel, which the broker answers after all it was asked before. */
  async flow(): Promise<void> {
    for (const channel of this.channels) {
      this.flows.set(channel, (this.flows.get(channel) ?? 0) + 1);
      this.peer.send(channel, { type: 'channel.flow', active: true });
    }
    const isThere = (): boolean => {
      this.lookAt();
      return [...this.channels].every((channel) => (this.flows.get(channel) ?? 0) === 0);
    };
    while (!isThere() && !this.peer.isEnded) await this.peer.more();
  }

  /** Waits for one of some methods on a channel, or the end of channel or line. */
  async answer(channel: number, types: readonly string[]): Promise<void> {
    const wanted = [...types, 'channel.close', 'connection.close'];
    const isThere = (): boolean =>
      this.peer.heard
        .slice(this.reported)
        .some((each) => (each.channel === channel || each.channel === 0) && wanted.includes(each.method.type));
    while (!isThere() && !this.peer.isEnded) await this.peer.more();
    this.lookAt();
  }

  /** What was heard since the last step, of what a program is about. */
  news(): readonly Heard[] {
    return this.peer.heard
      .slice(this.reported)
      .filter(({ channel, method }) => channel < probeChannel && method.type !== 'channel.flow-ok');
  }

  /** Nothing of what was heard is news any more. */
  stepOver(): void {
    for (const heard of this.news()) {
      const told = this.confirmed.get(heard.channel) ?? new Set<number>();
      for (const each of confirmsOf(heard, told)) told.add(each);
      this.confirmed.set(heard.channel, told);
      if (heard.method.type === 'channel.close') this.confirmed.delete(heard.channel);
    }
    this.reported = this.seen;
  }

  /** The channel is closed, by us or by the broker. */
  forget(channel: number): void {
    for (const books of [this.channels, this.unsettled, this.flows]) books.delete(channel);
  }

  /** Keeps the books on what was heard. */
  lookAt(): void {
    const { heard } = this.peer;
    for (; this.seen < heard.length; this.seen++) {
      const each = heard[this.seen];
      if (each !== undefined && each.channel < probeChannel) this.account(each);
    }
  }

  private account({ channel, method }: Heard): void {
    switch (method.type) {
      case 'channel.flow-ok':
        this.flows.set(channel, (this.flows.get(channel) ?? 0) - 1);
        return;
      case 'basic.deliver':
      case 'basic.get-ok':
        this.unsettled.set(channel, [...(this.unsettled.get(channel) ?? []), Number(method.deliveryTag)]);
        return;
      case 'channel.close':
      // What was delivered while we closed the channel cannot be settled any more.
      case 'channel.close-ok':
        this.forget(channel);
        return;
      case 'connection.close':
        this.isClosing = true;
        return;
      case 'connection.close-ok':
        this.isClosing = true;
        // Our side has to end the connection: RabbitMQ waits for that.
        this.peer.drop();
        return;
      default:
        return;
    }
  }
}
