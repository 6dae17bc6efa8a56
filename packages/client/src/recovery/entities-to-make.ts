/**
 * Which of the recorded entities a replay makes again: what the options select, what is not being deleted, what has not made the
 * broker close a connection; and what leads to a queue. Must not make them: the replay does.
 */
import { isPromised } from '../operations/returned-promise.ts';
import type { DeclaredTopology } from '../topology/declared-topology.ts';
import type { RecordedBinding, RecordedExchange, RecordedQueue } from '../topology/recorded-entity.ts';
import type { CompleteRecoverOptions } from './recover-options.ts';

/** What a replay makes. */
export type Entity = RecordedExchange | RecordedQueue | RecordedBinding;

/** Exchanges that lead somewhere, and the bindings between them. */
export interface Way {
  readonly exchanges: readonly RecordedExchange[];
  readonly bindings: readonly RecordedBinding[];
}

/** The choice of one client. */
export class EntitiesToMake {
  private readonly options: Pick<CompleteRecoverOptions, 'topology' | 'filter'>;
  private readonly topology: DeclaredTopology;
  private readonly report: (error: unknown) => void;
  /** Each made the broker close the connection, alone: never made again. */
  private readonly banned = new WeakSet<Entity>();

  /** @param report takes what the filter throws. */
  constructor(
    options: Pick<CompleteRecoverOptions, 'topology' | 'filter'>,
    topology: DeclaredTopology,
    report: (error: unknown) => void,
  ) {
    this.options = options;
    this.topology = topology;
    this.report = report;
  }

  /** Never makes it again. */
  ban(entity: Entity): void {
    this.banned.add(entity);
  }

  /** Whether to make it: wanted by the options, not being deleted, and not known to end a connection. */
  isMeant(entity: Entity): boolean {
    const { topology: which, filter } = this.options;
    if (this.banned.has(entity) || this.topology.isLeaving(entity)) return false;
    if (which === 'none' || (which === 'transient' && !this.isTransient(entity))) return false;
    if (filter === undefined) return true;
    try {
      const answer: unknown = filter(entity);
      return isPromised(answer, 'recover.filter', this.report) || answer !== false;
    } catch (error) {
      this.report(error);
      return true;
    }
  }

  private isTransient(entity: Entity): boolean {
    const { topology } = this;
    switch (entity.kind) {
      case 'exchange':
        return entity.options.durable !== true || entity.options.autoDelete === true;
      case 'queue': {
        const { durable, exclusive, autoDelete } = entity.options;
        return durable !== true || exclusive === true || autoDelete === true;
      }
      case 'binding': {
        const source = topology.exchangeOf(entity.source);
        const destination =
          entity.destinationKind === 'queue'
            ? topology.queueOf(entity.destination)
            : topology.exchangeOf(entity.destination);
        return [source, destination].some((end) => end !== undefined && this.isTransient(end));
      }
    }
  }

  /**
   * The exchanges that lead to a queue, through however many others, and the bindings between them: an auto-delete exchange
   * goes with its last binding, and with it all that led to it.
   */
  wayTo(queue: string): Way {
    return this.wayThrough(this.topology.bindingsOf('queue', queue).map(({ source }) => source));
  }

  /** The exchanges at the ends of a binding and those that lead to it, and the bindings between them. */
  wayOf(binding: RecordedBinding): Way {
    return this.wayThrough([binding.destinationKind === 'exchange' ? binding.destination : binding.source]);
  }

  private wayThrough(last: readonly string[]): Way {
    const { topology } = this;
    const exchanges: RecordedExchange[] = [];
    const bindings: RecordedBinding[] = [];
    const names = new Set(last);
    // Names that are added on the way are visited too.
    for (const name of names) {
      const recorded = topology.exchangeOf(name);
      if (recorded !== undefined) exchanges.push(recorded);
      for (const binding of topology.bindingsOf('exchange', name)) {
        bindings.push(binding);
        names.add(binding.source);
      }
    }
    return { exchanges, bindings };
  }
}
