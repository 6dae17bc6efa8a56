/**
 * The broker without its connections: vhosts, users, and time. Time is an argument, and the next deadline is returned;
 * what queues do to each other happens in turn, by `settle()`. Must not know frames, sockets or a clock.
 */
import { Deadlines } from './deadlines.ts';
import type { Message } from './message.ts';
import type { Queue, QueueOwner } from './queues/queue.ts';
import { type PermissionPatterns, Users } from './users.ts';
import { VirtualHost, type VirtualHostShared } from './vhost.ts';

/** Called with what goes through the broker, for people to look at. */
export interface BrokerWatch {
  /** A queue got a message, or refused it. */
  queued(vhost: VirtualHost, queue: Queue, message: Message, outcome: 'taken' | 'rejected'): void;
  /** No queue took a message. */
  unrouted(message: Message): void;
}

/** What the model needs from outside. */
export interface BrokerModelOptions {
  /** Sixteen octets that are new each time. */
  readonly newId: () => Uint8Array;
  readonly watch?: BrokerWatch | undefined;
}

/** Takes the answers that are sent straight to a channel. RabbitMQ: docs/direct-reply-to. */
export interface ReplyReceiver {
  reply(message: Message): void;
}

const everything: PermissionPatterns = { configure: '.*', write: '.*', read: '.*' };

/** The broker without its connections: vhosts, users, and time. */
export class BrokerModel implements VirtualHostShared {
  readonly users: Users = new Users();
  readonly vhosts: Map<string, VirtualHost> = new Map();
  readonly deadlines: Deadlines<Queue> = new Deadlines();
  /** Channels that wait for direct replies, by the name to reply to. */
  readonly replyReceivers: Map<string, ReplyReceiver> = new Map();
  nowMs = 0;
  private readonly tasks: (() => void)[] = [];
  private isSettling = false;
  private readonly options: BrokerModelOptions;

  constructor(options: BrokerModelOptions) {
    this.options = options;
  }

  /** When `handleTimeout()` is due; `Infinity` for never. */
  get nextDeadlineMs(): number {
    return this.deadlines.nextMs;
  }

  addVhost(name: string): VirtualHost {
    const vhost = new VirtualHost(name, this);
    this.vhosts.set(name, vhost);
    return vhost;
  }

  /** Adds a user with all permissions in the given vhosts. */
  addUser(name: string, password: string, vhosts: readonly string[], tags: readonly string[] = []): void {
    this.users.add({ name, password, tags });
    for (const vhost of vhosts) this.users.setPermissions(name, vhost, everything);
  }

  /** An unused name: `amq.gen-` and 22 characters, as RabbitMQ makes them. */
  newName(prefix: string): string {
    return `${prefix}-${base64Url(this.options.newId())}`;
  }

  /** For vhosts: runs a task after what is under way. */
  later(task: () => void): void {
    this.tasks.push(task);
  }

  /** Does what was deferred, until nothing is left. Call it after each operation of the broker. */
  settle(): void {
    if (this.isSettling) return;
    this.isSettling = true;
    try {
      for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) task();
    } finally {
      // One that fails must not keep the others from ever being done.
      this.isSettling = false;
    }
  }

  /** Does what is due. */
  handleTimeout(nowMs: number): void {
    this.nowMs = nowMs;
    for (let queue = this.deadlines.takeDue(nowMs); queue !== undefined; queue = this.deadlines.takeDue(nowMs)) {
      queue.expire();
      this.settle();
    }
  }

  /** For vhosts. */
  queued(vhost: VirtualHost, queue: Queue, message: Message, outcome: 'taken' | 'rejected'): void {
    this.options.watch?.queued(vhost, queue, message, outcome);
  }

  /** What a restart does to vhosts; connections are gone by then. */
  restart(): void {
    for (const vhost of this.vhosts.values()) vhost.restart();
    this.settle();
  }

  /** For channels: no queue took a message. */
  unrouted(message: Message): void {
    this.options.watch?.unrouted(message);
  }

  /** The connection of an owner is gone: so are its exclusive queues. */
  connectionGone(owner: QueueOwner): void {
    for (const vhost of this.vhosts.values()) vhost.removeQueuesOf(owner);
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function base64Url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const left = bytes.length - at;
    for (let index = 0; index < Math.min(4, left + 1); index++) text += alphabet[(group >>> (18 - 6 * index)) & 63];
  }
  return text;
}
