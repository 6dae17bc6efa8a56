/** What faults need of the broker and of its connections. Types only. */
import type { AmqpError } from '@puka/errors';
import type { Queue } from '../model/queues/queue.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { ServerChannel } from '../protocol/server-channel.ts';
import type { ConnectionInfo } from '../watching/views.ts';
import type { Ghost } from './ghosts.ts';

/** What faults need of the broker. */
export interface FaultTargets {
  readonly nowMs: number;
  /** All open connections. */
  readonly lines: Iterable<FaultyLine>;
  /** Ends consumers as a broker does. */
  cancelConsumers(queue: string | undefined): void;
  /** @throws {UsageError} if there is no such queue. */
  queue(vhost: string, name: string): Queue;
  /** @throws {UsageError} if there is no such vhost. */
  vhost(name: string): VirtualHost;
  /** All vhosts. */
  readonly vhosts: Iterable<VirtualHost>;
  /** Does what follows from what has been done to queues, and sends it. */
  settle(): void;
  /** Something has been written outside of a turn. */
  turnOver(): void;
}

/** What can be done to one connection. */
export interface FaultyLine extends Ghost {
  /** Whom it is from; `undefined` until it has been opened. */
  readonly info: ConnectionInfo | undefined;
  /** Closes it as a broker does. */
  forceClose(error: AmqpError): void;
  /** Closes channels as a broker does. */
  closeChannels(isMeant: (channel: ServerChannel) => boolean, error: AmqpError): void;
  /** Sends everything that is held back. */
  releaseOutput(): void;
  /** Breaks it at once, as a crash does. */
  reset(): void;
  /** Ends it after so many bytes more of one side. */
  breakAfter(bytes: number, from: 'broker' | 'client'): void;
  /** From now on no more than so many bytes at once go to the client. */
  splitBytes: number;
  /** From now on the channels' frames go to the client in another order among each other. */
  isReordering: boolean;
}
