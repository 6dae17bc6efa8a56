/** What uses a connection and outlives it: publishing, consumers, gets, requests, channels. Interface only. */
import type { PukaError } from '@puka/errors';
import type { ConnectionInfo, Session } from '../session/index.ts';

/** Everything that uses a connection, as one. */
export interface ConnectionUserGroup extends Required<ConnectionUser> {
  /** A connection is open, but not yet for all: its channels can be lent, so that what was lost can be restored first. */
  prepare(session: Session): void;
}

/** Made once by the client; attached to one connection after the other. */
export interface ConnectionUser {
  /** A connection is open: what waits for one can be sent. */
  attach(session: Session, info: ConnectionInfo): void;
  /**
   * The connection is lost or closed. Called before its channels and requests end, so that each of these can ask what
   * is to become of it.
   *
   * @param error why; for our own close the error that reports it.
   * @param willRecover whether another connection follows. Without one everything open fails.
   */
  detach(error: PukaError, willRecover: boolean): void;
  /** Output is about to be taken. */
  beforeWrite?(): void;
  /** Whether an answer is due that no request of the session waits for. The socket has to be read then. */
  readonly awaitsAnswer?: boolean;
  /** Bytes that wait for their outcome. They count towards `maxBufferedBytes`. */
  readonly openBytes?: number;
}
