/** A publisher on a session whose broker sends what the test writes: for the tests of publishing. */
import { ByteWriter, decodeMethod, encodeMethod, FrameDecoder, writeBody, writeRawContentHeader } from '@puka/wire';
import type { OperationHost } from '../../src/operations/operation.ts';
import type { PublishOptions } from '../../src/publishing/options.ts';
import { PublishCounts } from '../../src/publishing/publish-counts.ts';
import { publishInput } from '../../src/publishing/publish-input.ts';
import { PublishOperation } from '../../src/publishing/publish-operation.ts';
import { Publisher, type PublisherHost } from '../../src/publishing/publisher.ts';
import type { PublishInput } from '../../src/session/index.ts';
import { Harness, joined } from '../session/harness.ts';

const host: OperationHost = { nextNumber: () => 0, callbackReady: () => {}, failedUnseen: () => {} };
const frameMaxBytes = 131_072;
const footerKey = 'amq.puka.footer';

/** A publisher and the broker it speaks to. The publishing channel is always number 1. */
export class PublisherScene {
  readonly harness: Harness;
  readonly publisher: Publisher;
  /** How often it was called because publishes have their outcome. */
  settledCalls = 0;
  readonly counts: PublishCounts = new PublishCounts();
  /** Its clock. */
  nowMs = 0;
  private readonly named: { readonly name: string; readonly operation: PublishOperation }[] = [];

  constructor(hasConfirms = true, names?: PublisherHost['names']) {
    this.harness = new Harness().open();
    const exchanges = { isKnown: () => true, lookUp: () => {}, add: () => {}, forgetAll: () => {}, last: '' };
    const openChannel: PublisherHost['openChannel'] = (session, publisher) => session.openChannel(publisher, () => {});
    const publishesSettled = (): void => {
      this.settledCalls++;
    };
    const { counts } = this;
    const now = (): number => this.nowMs;
    const publisherHost = { pubacks: hasConfirms, names, counts, now, publishesSettled, openChannel };
    this.publisher = new Publisher(publisherHost, exchanges);
    this.attach();
  }

  /** There is a connection; the same one again where `publisher` was detached. */
  attach(): void {
    const { info } = this.harness;
    if (info !== undefined) this.publisher.attach(this.harness.session, info);
  }

  /** Its caller gives it up. */
  giveUp(operation: PublishOperation): void {
    operation.reject(new Error('given up'));
    this.publisher.forget(operation);
  }

  /** Publishes; the body is the name by default. */
  publish(name: string, options: Partial<PublishOptions> = {}): PublishOperation {
    const operation = new PublishOperation(host, 'basic.publish', undefined);
    this.named.push({ name, operation });
    this.publisher.publish(operation, publishInput({ routingKey: 'k', body: name, ...options }));
    return operation;
  }

  /** What became of each publish so far: `name`, and the error's code if there is one. Those that wait are left out. */
  get fates(): string[] {
    return this.named.flatMap(({ name, operation }) => {
      if (operation.state === 'pending') return [];
      const { error } = operation;
      const code = typeof error === 'object' && error !== null && 'code' in error ? ` ${String(error.code)}` : '';
      return [`${name}${code}`];
    });
  }

  /** What the publish of that name was rejected with. */
  errorOf(wanted: string): unknown {
    return this.named.find(({ name }) => name === wanted)?.operation.error;
  }

  /** What the client has sent since the last look: methods by name, publishes by body, footers as such. */
  sent(): string[] {
    const said: string[] = [];
    let isPublish = false;
    const decoder = new FrameDecoder({
      method: (_channel, bytes, start, end) => {
        const method = decodeMethod(bytes, start, end);
        isPublish = method.type === 'basic.publish' && method.routingKey !== footerKey;
        if (method.type !== 'basic.publish') said.push(method.type);
        else said.push(isPublish ? '' : 'footer');
      },
      header: () => {},
      body: (_channel, bytes, start, end) => {
        if (isPublish) said.push(`${said.pop() ?? ''}${new TextDecoder().decode(bytes.subarray(start, end))}`);
      },
      heartbeat: () => {},
    });
    decoder.frameMaxBytes = frameMaxBytes;
    this.publisher.beforeWrite();
    decoder.push(joined(this.harness.session.takeOutput(this.harness.nowMs)));
    return said;
  }

  /** The broker opens the channel and turns confirms on. */
  openChannel(): void {
    this.harness.say([1, { type: 'channel.open-ok' }], [1, { type: 'confirm.select-ok' }]);
  }

  /** As named. */
  ack(deliveryTag: number, multiple = false): void {
    this.harness.say([1, { type: 'basic.ack', deliveryTag, multiple }]);
  }

  /** As named. */
  nack(deliveryTag: number, multiple = false): void {
    this.harness.say([1, { type: 'basic.nack', deliveryTag, multiple, requeue: false }]);
  }

  /** The broker closes the channel. */
  refuse(replyCode: number, replyText: string): void {
    this.harness.say([1, { type: 'channel.close', replyCode, replyText, classId: 60, methodId: 40 }]);
  }

  /** The broker returns a message. */
  giveBack(name: string, options: Partial<PublishOptions> = {}): void {
    this.sendReturn(publishInput({ routingKey: 'k', body: name, ...options }));
  }

  /** The broker returns the oldest footer. */
  giveFooterBack(): void {
    this.sendReturn(publishInput({ routingKey: footerKey }));
  }

  private sendReturn({ exchange, routingKey, properties, body }: PublishInput): void {
    const writer = new ByteWriter();
    encodeMethod(writer, 1, { type: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey });
    if (properties instanceof Uint8Array) writeRawContentHeader(writer, 1, body.length, properties, frameMaxBytes);
    writeBody(writer, 1, body, frameMaxBytes);
    this.harness.session.receive(joined(writer.take()), this.harness.nowMs);
  }
}

/** Calls back each time that the state of the publish is read. */
export function watchState(operation: PublishOperation, looked: () => void): void {
  let { state } = operation;
  Object.defineProperty(operation, 'state', {
    get: () => {
      looked();
      return state;
    },
    set: (next: typeof state) => {
      state = next;
    },
  });
}
