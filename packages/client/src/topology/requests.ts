/**
 * Operations of one method and one reply, each on a channel of its own while it lasts: declares, deletes, binds, purges.
 * Must not know single methods: `declarations.ts` does.
 */
import type { PukaError } from '@puka/errors';
import type { Method, MethodInput } from '@puka/wire';
import type { ChannelPool } from '../connection/channel-pool.ts';
import { notSent } from '../connection/connection.ts';
import type { ConnectionUser } from '../connection/connection-user.ts';
import type { Operation } from '../operations/operation.ts';
import type { SessionChannel } from '../session/index.ts';
import { checkEncodable, type Declaration } from './declarations.ts';

/** What requests need of their client. */
export interface RequestsHost {
  /** As the option of that name. */
  readonly maxTableDepth: number;
  /** There is something to send. */
  wake(): void;
  /** A request has its outcome. */
  settled(): void;
}

/** The requests of one client. */
export class Requests implements ConnectionUser {
  /** Requests without an outcome of the broker's. One that its caller gave up counts until its answer has come. */
  outstanding = 0;
  private readonly pool: ChannelPool;
  private readonly host: RequestsHost;

  constructor(pool: ChannelPool, host: RequestsHost) {
    this.pool = pool;
    this.host = host;
  }

  attach(): void {}

  /** Each request gets its error from its channel, or from the pool where it waits for one. */
  detach(): void {}

  /** Sends a method when there is a channel for it, and settles the operation with what its reply means. */
  start<Result>(operation: Operation<Result>, { method, read }: Declaration<Result>): void {
    const { pool } = this;
    this.outstanding++;
    const isStarted = pool.acquire((channel, lost) => {
      if (channel === undefined || operation.state !== 'pending') {
        this.ended();
        if (channel === undefined) operation.reject(notSent(method.type, lost));
        else pool.release(channel);
        return;
      }
      this.send(operation, channel, method, (reply, error) => {
        this.ended();
        pool.release(channel);
        if (reply === undefined) operation.reject(error);
        else operation.fulfil(read(reply) as Result); // The session matches replies by method.
      });
    });
    if (!isStarted) this.check(operation, method);
  }

  /** What cannot be encoded fails at the call, though it would be sent later. */
  private check(operation: Operation<unknown>, method: MethodInput): void {
    try {
      checkEncodable(method, this.host.maxTableDepth);
    } catch (error) {
      operation.reject(error);
    }
  }

  private send(
    operation: Operation<unknown>,
    channel: SessionChannel,
    method: MethodInput,
    answered: (reply: Method | undefined, error: PukaError | undefined) => void,
  ): void {
    try {
      operation.isSent = channel.request(method, answered);
      if (!operation.isSent) answered(undefined, notSent(method.type, undefined));
    } catch (error) {
      // Rejected first, for the answer without an error would be the outcome.
      operation.reject(error);
      answered(undefined, undefined);
    }
    this.host.wake();
  }

  private ended(): void {
    this.outstanding--;
    this.host.settled();
  }
}
