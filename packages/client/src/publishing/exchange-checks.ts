/**
 * Which exchanges of a connection are known to be there. RabbitMQ closes the channel of a publish to one that is not, and
 * drops all that is after it; so an exchange is looked up once, before the first publish to it.
 * Must not hold publishes back: the publisher does.
 */
import { isPukaError, type PukaError } from '@puka/errors';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import { LazyMap, LazySet } from '../runtime/lazy-collections.ts';

/** So many names are kept; more begin anew. */
const mostNames = 10_000;

type Done = (error: PukaError | undefined) => void;

/** What it needs of its client. */
export interface ExchangeChecksHost {
  /** There is something to send. */
  wake(): void;
}

/** The exchanges of one connection after the other. */
export class ExchangeChecks implements ConnectionUser {
  /** For publishers: that of the last publish, which is known. Another look is needed only if it changes. */
  last = '';
  private readonly pool: ChannelPool;
  readonly #host: ExchangeChecksHost;
  private readonly names = new LazySet<string>();
  private lookUps = new LazyMap<string, Done[]>();

  constructor(pool: ChannelPool, host: ExchangeChecksHost) {
    this.pool = pool;
    this.#host = host;
  }

  attach(): void {}

  /** Another connection may be one to another broker. */
  detach(): void {
    this.forgetAll();
    this.lookUps = new LazyMap();
  }

  /** Whether it is there as far as is known. RabbitMQ: no client can delete the default exchange or those named `amq.*`. */
  isKnown(exchange: string): boolean {
    return exchange === '' || this.names.has(exchange) || exchange.startsWith('amq.');
  }

  /** It is there: it was declared, or looked up. */
  add(exchange: string): void {
    if (this.names.size >= mostNames) this.names.clear();
    this.names.add(exchange);
  }

  /** It may be gone. */
  forget(exchange: string): void {
    this.names.delete(exchange);
    this.last = '';
  }

  /** Any of them may be gone. */
  forgetAll(): void {
    this.names.clear();
    this.last = '';
  }

  /** Looks whether it is there. Needs no right. @param done called once, perhaps inside this call; not for a lost connection. */
  lookUp(exchange: string, done: Done): void {
    const { lookUps, pool } = this;
    const others = lookUps.get(exchange);
    if (others !== undefined) {
      others.push(done);
      return;
    }
    lookUps.set(exchange, [done]);
    const answered = (error: PukaError | undefined): void => {
      // Those of an earlier connection are of no interest.
      if (this.lookUps !== lookUps) return;
      const all = lookUps.get(exchange) ?? [];
      lookUps.delete(exchange);
      if (error === undefined) this.add(exchange);
      for (const each of all) each(error);
    };
    pool.acquire((channel, lost) => {
      if (channel === undefined) {
        answered(lost);
        return;
      }
      const replied = (_reply: unknown, error: PukaError | undefined): void => {
        pool.release(channel);
        answered(error);
      };
      const method = { type: 'exchange.declare', exchange, exchangeType: 'direct', passive: true } as const;
      let isSent = false;
      let refusal: PukaError | undefined;
      try {
        isSent = channel.request(method, replied);
      } catch (error) {
        // It cannot be encoded. Thrown on, it would end whatever has freed the channel just now.
        if (!isPukaError(error)) throw error;
        refusal = error;
      }
      if (!isSent) replied(undefined, refusal ?? notSent('basic.publish', undefined));
      this.#host.wake();
    });
  }
}
