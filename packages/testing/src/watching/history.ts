/** What has been published, for tests, and the tests that wait for it. Must not keep more than its limit. */
import type { BrokerWatch } from '../model/broker-model.ts';
import type { Message } from '../model/message.ts';
import type { Queue } from '../model/queues/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import { PublishedMessage } from './published-message.ts';
import type { WaitOptions, Waits } from './waits.ts';

interface Waiter {
  readonly count: number;
  readonly done: (messages: readonly PublishedMessage[]) => void;
}

interface Record {
  count: number;
  last: Message[];
  readonly waiting: Set<Waiter>;
}

/** What has been published, for tests to look at, and the tests that wait for it. */
export class History implements BrokerWatch {
  private readonly limit: number;
  private readonly waits: Waits;
  private readonly queues = new Map<string, Record>();
  private lost: Message[] = [];

  /** @param limit messages kept of each queue, and of those that no queue took. */
  constructor(limit: number, waits: Waits) {
    this.limit = limit;
    this.waits = waits;
  }

  /** The last messages that no queue took, returned ones among them. */
  get unroutable(): readonly PublishedMessage[] {
    return this.lastOf(this.lost);
  }

  /** Waits until so many messages have been put into a queue, since the broker started. @returns the last of them. */
  published(vhost: string, queue: string, count: number, options: WaitOptions): Promise<readonly PublishedMessage[]> {
    const record = this.recordOf(vhost, queue);
    if (record.count >= count) return Promise.resolve(this.lastOf(record.last));
    return this.waits.start<readonly PublishedMessage[]>(options, {
      describe: () => `published('${queue}', ${count}): ${record.count} came`,
      begin: (done) => {
        const waiter = { count, done };
        record.waiting.add(waiter);
        return () => record.waiting.delete(waiter);
      },
    });
  }

  /** For the model. */
  queued(vhost: VirtualHost, queue: Queue, message: Message, outcome: 'taken' | 'rejected'): void {
    if (outcome === 'rejected') return;
    const record = this.recordOf(vhost.name, queue.name);
    record.count++;
    this.keep(record.last, message);
    for (const { count, done } of record.waiting) {
      if (count <= record.count) done(this.lastOf(record.last));
    }
  }

  /** For the model. */
  unrouted(message: Message): void {
    this.keep(this.lost, message);
  }

  /** Forgets everything; counts begin again. */
  clear(): void {
    for (const record of this.queues.values()) {
      record.count = 0;
      record.last = [];
    }
    this.lost = [];
  }

  private lastOf(list: readonly Message[]): PublishedMessage[] {
    return this.limit === 0 ? [] : list.slice(-this.limit).map((message) => new PublishedMessage(message));
  }

  private keep(list: Message[], message: Message): void {
    if (this.limit === 0) return;
    list.push(message);
    // In one go and not at each: taking the first out of an array moves all others.
    if (list.length > this.limit * 2) list.splice(0, list.length - this.limit);
  }

  private recordOf(vhost: string, queue: string): Record {
    const key = `${vhost}\0${queue}`;
    let record = this.queues.get(key);
    if (record === undefined) {
      record = { count: 0, last: [], waiting: new Set() };
      this.queues.set(key, record);
    }
    return record;
  }
}
