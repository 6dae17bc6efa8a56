/**
 * Marks are sent after publishes and come back when the broker has handled everything before them. They are footers, or fences
 * if the user may not publish to the default exchange. Must not settle a publish: the publisher does.
 */
import type { MethodInput } from '@puka/wire';
import { Queue } from '../runtime/queue.ts';
import type { PublishInput, SessionChannel } from '../session/index.ts';
import type { SentPublishes } from './sent-publishes.ts';

/**
 * A message that is always returned, because RabbitMQ lets no client declare a queue whose name begins with `amq.`.
 */
export const footer: PublishInput = {
  exchange: '',
  routingKey: 'amq.puka.footer',
  mandatory: true,
  properties: new Uint8Array(2),
  body: new Uint8Array(0),
};

/** A request that changes nothing on a channel without consumers. Its reply comes after everything that was sent before it. */
const fence: MethodInput = { type: 'basic.qos', prefetchCount: 0 };

/** The marks of one publisher. */
export class PublishMarks {
  /** Whether the user may publish to the default exchange, where footers are published. */
  mayUseFooters = true;
  /** The last tag before each mark that has not come back. */
  private tags = new Queue<number>();
  /** The last tag that a mark covers. */
  private coveredTag = 0;

  /** Whether some marks have been sent and have not come back. */
  get areOpen(): boolean {
    return this.tags.length > 0;
  }

  /** The last tag before the first mark that has not come back; 0 if there is none. */
  get firstTag(): number {
    return this.tags.first ?? 0;
  }

  /** Whether nothing was published since the last mark. */
  coverAll({ nextTag }: SentPublishes): boolean {
    return nextTag - 1 === this.coveredTag;
  }

  /** Sends a mark. @param returned called when a fence comes back; a footer comes back as a message. */
  send(channel: SessionChannel, sent: SentPublishes, returned: () => void): void {
    this.tags.push(sent.nextTag - 1);
    if (this.mayUseFooters) {
      channel.publish(footer);
      sent.addFooter();
    } else {
      channel.request(fence, (reply) => {
        if (reply !== undefined) returned();
      });
    }
    this.coveredTag = sent.nextTag - 1;
  }

  /** Whether a message that came back is a footer. */
  isFooter(exchange: string, routingKey: string): boolean {
    return routingKey === footer.routingKey && exchange === '' && this.tags.length > 0;
  }

  /** To be called when the first mark has come back. @returns the last tag before it. */
  takeFirst(): number {
    return this.tags.shift() ?? 0;
  }

  /** Forgets all marks: their channel is closed, so none of them comes back. */
  clear(): void {
    this.tags = new Queue();
  }

  /** Counts tags from 1, because a new channel is used. */
  restart(): void {
    this.coveredTag = 0;
  }
}
