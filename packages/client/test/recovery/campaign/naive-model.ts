/**
 * What one client has declared, bound and not unmade, by the plainest rules: the second opinion on the client's record.
 * Names that a fault has touched are tainted, and say nothing any more. A queue that the broker has named is known by a key
 * of the program's, whatever its name is now.
 */

/** The model of one client. */
export class NaiveModel {
  readonly queues: Set<string> = new Set();
  readonly exchanges: Set<string> = new Set();
  /** As `queue|exchange`. */
  readonly bindings: Set<string> = new Set();
  /** Bindings that were ever asked for: an auto-delete exchange may have gone with the queue of one. */
  readonly everBound: Set<string> = new Set();
  readonly tainted: Set<string> = new Set();
  /** What was deleted, and has not been declared since. */
  readonly gone: Set<string> = new Set();

  addQueue(queue: string): void {
    this.queues.add(queue);
    this.gone.delete(queue);
  }

  addExchange(exchange: string): void {
    this.exchanges.add(exchange);
    this.gone.delete(exchange);
  }

  bind(queue: string, exchange: string): void {
    this.bindings.add(`${queue}|${exchange}`);
    this.gone.delete(`${queue}|${exchange}`);
  }

  unbind(queue: string, exchange: string): void {
    this.gone.add(`${queue}|${exchange}`);
    if (this.bindings.delete(`${queue}|${exchange}`)) this.leave(exchange);
  }

  deleteQueue(queue: string): void {
    this.queues.delete(queue);
    this.gone.add(queue);
    for (const binding of [...this.bindings]) {
      const [bound, exchange = ''] = binding.split('|');
      if (bound === queue) this.unbind(queue, exchange);
    }
  }

  deleteExchange(exchange: string): void {
    this.exchanges.delete(exchange);
    this.gone.add(exchange);
    for (const binding of [...this.bindings]) if (binding.endsWith(`|${exchange}`)) this.bindings.delete(binding);
  }

  taint(...names: readonly string[]): void {
    for (const name of names) this.tainted.add(name);
  }

  /** The client is closed, or lost for good: its record is empty. What is durable stays at the broker. */
  beginAgain(): void {
    this.queues.clear();
    this.exchanges.clear();
    this.bindings.clear();
    this.gone.clear();
  }

  /** An auto-delete exchange goes with its last binding. */
  private leave(exchange: string): void {
    if (!exchange.startsWith('f')) return;
    if (![...this.bindings].some((binding) => binding.endsWith(`|${exchange}`))) this.exchanges.delete(exchange);
  }
}
