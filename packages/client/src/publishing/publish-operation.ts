/** One publish under way: what is needed to send it again and to know it when it is returned. Must not send. */
import { Operation } from '../operations/operation.ts';
import type { PublishInput } from '../session/index.ts';

/** The position of a mandatory publish among those that are alike. */
export interface ReturnTrace {
  /** The marks sent before it. */
  readonly segment: number;
  /** The same for messages whose route and body are alike. */
  readonly key: string;
  /** The same for properties that are alike. */
  readonly hash: number;
  /** Its properties, as they are compared. */
  readonly properties: Uint8Array;
}

/** Resolves when the broker has confirmed the message. */
export class PublishOperation extends Operation<void> {
  /** The message, its properties encoded. */
  input: PublishInput | undefined = undefined;
  /** What `basic.return` said of it; its confirm ends it. */
  returned: Error | undefined = undefined;
  /** How it would be known if it were returned; `undefined` when it is not mandatory, or cannot be any more. */
  returnTrace: ReturnTrace | undefined = undefined;
  /** Bytes the session had written when it was first sent: tells whether any of it has left. */
  writtenAt = 0;
  /** Bytes of it left over an earlier connection: the broker may have taken it there. */
  hasLeft = false;
  /** It waits to be sent: behind a suspect, for its channel, or until its exchange is known. */
  isHeld = false;
  /** How often it has been sent over this connection. */
  attempts = 0;
  /** It may be the one that made the broker close the channel: it is sent alone. */
  isSuspect = false;
  /** Connections that have ended under it by an error of the broker's that names nothing. */
  unnamedEnds = 0;
}
