/** What a channel needs of the connection it is on. Types only. */
import type { AmqpError } from '@puka/errors';
import type { ByteWriter, Method } from '@puka/wire';
import type { BrokerModel } from '../model/broker-model.ts';
import type { Caller } from '../model/caller.ts';
import type { User } from '../model/users.ts';
import type { VirtualHost } from '../model/vhost.ts';
import type { Interference } from './interference.ts';
import type { ServerSettings } from './server-settings.ts';

/** What a channel needs of the connection it is on. */
export interface ChannelHost extends Caller {
  readonly broker: BrokerModel;
  readonly vhost: VirtualHost;
  readonly user: User;
  readonly writer: ByteWriter;
  readonly settings: ServerSettings;
  readonly interference: Interference;
  /** As tuned; 0 is no limit. */
  readonly frameMaxBytes: number;
  /** The client supports `basic.cancel` from the broker. */
  readonly isCancelNotified: boolean;
  /** More waits to be sent than is good: consumers get nothing for now. */
  readonly isCongested: boolean;
  /** The channels of the connection are being ended. */
  readonly isEnding: boolean;
  /** A channel has been refused something. @param request what it was; `undefined` if no single method is at fault. */
  channelRefused(channelId: number, error: AmqpError, methodId: number, request: Method | undefined): void;
  /** Closes the connection over a method that was answered long ago. */
  closeConnection(error: AmqpError, methodId: number): void;
  /** Something has been written. */
  outputWaiting(): void;
  /** The connection has to end once so many bytes, counted from its beginning, have gone out. */
  breakLineAt(writtenBytes: number): void;
}
