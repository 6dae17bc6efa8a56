/**
 * Publishes that wait until it is known whether their exchange is there. Those to other exchanges go on.
 * Must not fail or send them: the publisher does.
 */
import { NotFound } from '@puka/errors';
import { LazyMap } from '../runtime/lazy-collections.ts';
import type { ExchangeChecks } from './exchange-checks.ts';
import type { PublishOperation } from './publish-operation.ts';

/** Whose publishes they are. */
export interface CheckedSink {
  /** Takes those that wait no more. @param missing the error, if the exchange does not exist. */
  checked(operations: readonly PublishOperation[], missing: NotFound | undefined): void;
}

/** The unchecked publishes of one publisher. */
export class UncheckedPublishes {
  /** How many wait, those given up included. */
  count = 0;
  private readonly exchanges: Pick<ExchangeChecks, 'lookUp' | 'add'>;
  private readonly sink: CheckedSink;
  private readonly waiting = new LazyMap<string, PublishOperation[]>();

  constructor(exchanges: Pick<ExchangeChecks, 'lookUp' | 'add'>, sink: CheckedSink) {
    this.exchanges = exchanges;
    this.sink = sink;
  }

  /** Whether publishes wait for this exchange: none overtakes them. */
  has(exchange: string): boolean {
    return this.waiting.has(exchange);
  }

  /** Whether one that waits may have made the broker close the channel or the connection. */
  get hasSuspect(): boolean {
    for (const [first] of this.waiting.values()) if (first?.isSuspect === true) return true;
    return false;
  }

  /** Keeps a publish until the answer. */
  add(operation: PublishOperation, exchange: string): void {
    this.count++;
    const others = this.waiting.get(exchange);
    if (others !== undefined) {
      others.push(operation);
      return;
    }
    const operations = [operation];
    this.waiting.set(exchange, operations);
    this.exchanges.lookUp(exchange, (error) => {
      if (this.waiting.get(exchange) !== operations) return;
      this.waiting.delete(exchange);
      this.count -= operations.length;
      const missing = error instanceof NotFound ? error : undefined;
      // Any other error is no answer to this question: the broker will send it for the publish.
      if (error !== undefined && missing === undefined) this.exchanges.add(exchange);
      this.sink.checked(operations, missing);
    });
  }

  /** Drops those given up: the answer may be long in coming. */
  dropSettled(): void {
    for (const operations of this.waiting.values()) {
      let kept = 0;
      for (const operation of operations) if (operation.state === 'pending') operations[kept++] = operation;
      this.count -= operations.length - kept;
      operations.length = kept;
    }
  }

  /** Takes all that wait, in the order of their exchanges. */
  takeAll(): PublishOperation[] {
    const all = [...this.waiting.values()].flat();
    this.waiting.clear();
    this.count = 0;
    return all;
  }
}
