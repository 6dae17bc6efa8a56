/**
 * What is sent after publishes and comes back when the broker has handled all before it: footers, as in Puka, or fences
 * if the user may not publish to the default exchange. Must not settle a publish: the publisher does.
 */
import type { MethodInput } from '@puka/wire';
import { Queue } from '../runtime/queue.ts';
import type { PublishInput, SessionChannel } from '../session/index.ts';
import type { SentPublishes } from './sent-publishes.ts';

/**
 * A message nobody gets: RabbitMQ lets no client make a queue whose name begins with `amq.`, so that it always returns.
 */
export const footer: PublishInput = {
  exchange: '',
  routingKey: 'amq.puka.footer',
  mandatory: true,
  properties: new Uint8Array(2),
  body: new Uint8Array(0),
};

/** A request that changes nothing on a channel without consumers; its reply, too, comes behind all that was before it. */
const fence: MethodInput = { type: 'basic.qos', prefetchCount: 0 };

/** The marks of one publisher. */
export class PublishMarks {
  /** The user may publish to the default exchange, where footers go. */
  mayUseFooters = true;
  /** The last tag before each mark that has not come back. */
  private tags = new Queue<number>();
  /** The last tag that a mark covers. */
  private coveredTag = 0;

  /** Whether marks were sent that have not come back. */
  get areOpen(): boolean {
    return this.tags.length > 0;
  }

  /** The last tag before the first mark that has not come back; 0 if there is none. */
  get firstTag(): number {
    return this.tags.first ?? 0;
  }

  /** Whether nothing was sent since the last mark. */
  coverAll({ nextTag }: SentPublishes): boolean {
    return nextTag - 1 === this.coveredTag;
  }

  /** Sends one. @param returned called when a fence comes back; a footer comes back as a message. */
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

  /** The first mark came back. @returns the last tag before it. */
  takeFirst(): number {
    return this.tags.shift() ?? 0;
  }

  /** None of them comes back: their channel is gone. */
  clear(): void {
    this.tags = new Queue();
  }

  /** Counts tags from 1: there is another channel. */
  restart(): void {
    this.coveredTag = 0;
  }
}
