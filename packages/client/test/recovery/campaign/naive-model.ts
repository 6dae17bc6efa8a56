/**
 * What one client has declared, bound and not unmade, by the plainest rules: the second opinion on the client's record.
 * Names that a fault has touched are tainted, and prove nothing any more.
 */

/** A plain record of what one client has declared and bound, to compare the client's own record with. */
export class NaiveModel {
  readonly queues: Set<string> = new Set();
  readonly exchanges: Set<string> = new Set();
  /** As `queue|exchange`. */
  readonly bindings: Set<string> = new Set();
  readonly tainted: Set<string> = new Set();

  bind(queue: string, exchange: string): void {
    this.bindings.add(`${queue}|${exchange}`);
  }

  unbind(queue: string, exchange: string): void {
    if (this.bindings.delete(`${queue}|${exchange}`)) this.leave(exchange);
  }

  deleteQueue(queue: string): void {
    this.queues.delete(queue);
    for (const binding of [...this.bindings]) {
      const [bound, exchange = ''] = binding.split('|');
      if (bound === queue) this.unbind(queue, exchange);
    }
  }

  deleteExchange(exchange: string): void {
    this.exchanges.delete(exchange);
    for (const binding of [...this.bindings]) if (binding.endsWith(`|${exchange}`)) this.bindings.delete(binding);
  }

  taint(...names: readonly string[]): void {
    for (const name of names) this.tainted.add(name);
  }

  /** An auto-delete exchange goes with its last binding. */
  private leave(exchange: string): void {
    if (!exchange.startsWith('f')) return;
    if (![...this.bindings].some((binding) => binding.endsWith(`|${exchange}`))) this.exchanges.delete(exchange);
  }
}
