/** What all connections of a broker share, and what a connection asks its owner to do. Types only. */
import type { BrokerModel } from '../model/broker-model.ts';
import type { Interference } from './interference.ts';
import type { Mistake } from './mistake.ts';
import type { ServerSettings } from './server-settings.ts';

/** What all connections of a broker share. */
export interface ServerContext {
  readonly broker: BrokerModel;
  /** Of the connections to come. */
  readonly settings: ServerSettings;
  readonly interference: Interference;
  /** What the broker is short of: `memory`, `disk`. Meanwhile publishing connections are not read. */
  readonly alarms: ReadonlySet<string>;
  /** Is notified of each error of a client. */
  readonly noteMistake: (mistake: Mistake) => void;
}

/** What the owner of the connection has to do. */
export interface ServerConnectionSink {
  /** There is something to send: `takeOutput()` by the end of the turn. */
  outputWaiting(): void;
  /** End the connection once so many bytes, counted from its beginning, have gone out. */
  breakLineAt(writtenBytes: number): void;
  /** Nothing comes after what `takeOutput()` returns: end the connection. Called once. */
  lineOver(): void;
}
