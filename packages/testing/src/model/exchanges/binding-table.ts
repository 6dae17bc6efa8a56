/** The bindings whose source is one exchange, found by what its type matches by. Must not know other exchanges. */
import type { Tagged } from '@puka/wire';
import type { Message } from '../message.ts';
import { type Binding, bindingIdentity } from './binding.ts';
import { headersByName, matchesHeaders } from './headers-match.ts';
import { matchesTopic, topicWords } from './topic-match.ts';

/** The types of exchange there are. */
export type ExchangeType = 'direct' | 'fanout' | 'topic' | 'headers';

/** The bindings whose source is one exchange, found by what its type matches by. Each type has its own way to match. */
export abstract class BindingTable {
  protected readonly bindings: Map<string, Binding> = new Map();

  get size(): number {
    return this.bindings.size;
  }

  get all(): Iterable<Binding> {
    return this.bindings.values();
  }

  has(binding: Binding): boolean {
    return this.bindings.has(bindingIdentity(binding));
  }

  /** Adds a binding; one that is there already stays as it is. */
  add(binding: Binding): void {
    const identity = bindingIdentity(binding);
    if (this.bindings.has(identity)) return;
    this.bindings.set(identity, binding);
    this.added(binding);
  }

  /** @returns the binding that was there. */
  remove(binding: Binding): Binding | undefined {
    const identity = bindingIdentity(binding);
    const own = this.bindings.get(identity);
    if (own === undefined) return undefined;
    this.bindings.delete(identity);
    this.removed(own);
    return own;
  }

  /** The bindings that a message takes. */
  abstract match(message: Message): Iterable<Binding>;

  protected added(_binding: Binding): void {}

  protected removed(_binding: Binding): void {}
}

/** A table for an exchange of the given type. */
export function bindingTable(type: ExchangeType): BindingTable {
  switch (type) {
    case 'direct':
      return new DirectTable();
    case 'fanout':
      return new FanoutTable();
    case 'topic':
      return new TopicTable();
    case 'headers':
      return new HeadersTable();
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** The routing key is the binding's. */
class DirectTable extends BindingTable {
  private readonly byKey = new Map<string, Set<Binding>>();

  match(message: Message): Iterable<Binding> {
    const { routingKeys } = message;
    if (routingKeys.length === 1) return this.byKey.get(message.routingKey) ?? [];
    return routingKeys.flatMap((key) => [...(this.byKey.get(key) ?? [])]);
  }

  protected override added(binding: Binding): void {
    const set = this.byKey.get(binding.routingKey);
    if (set === undefined) this.byKey.set(binding.routingKey, new Set([binding]));
    else set.add(binding);
  }

  protected override removed(binding: Binding): void {
    const set = this.byKey.get(binding.routingKey);
    set?.delete(binding);
    if (set?.size === 0) this.byKey.delete(binding.routingKey);
  }
}

/** Every binding. */
class FanoutTable extends BindingTable {
  match(): Iterable<Binding> {
    return this.bindings.values();
  }
}

/** Words between dots, `*` for one and `#` for any number. */
class TopicTable extends BindingTable {
  private readonly patterns = new Map<Binding, readonly string[]>();

  match({ routingKeys }: Message): Iterable<Binding> {
    const found = new Set<Binding>();
    for (const key of routingKeys) {
      const words = topicWords(key);
      for (const [binding, pattern] of this.patterns) if (matchesTopic(pattern, words)) found.add(binding);
    }
    return found;
  }

  protected override added(binding: Binding): void {
    this.patterns.set(binding, topicWords(binding.routingKey));
  }

  protected override removed(binding: Binding): void {
    this.patterns.delete(binding);
  }
}

/** The headers against the binding's arguments. */
class HeadersTable extends BindingTable {
  match(message: Message): Iterable<Binding> {
    const headers: ReadonlyMap<string, Tagged> = headersByName(message.headers);
    return [...this.bindings.values()].filter((binding) => matchesHeaders(binding.arguments, headers));
  }
}
