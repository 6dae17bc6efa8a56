/** One publish under way: what is needed to send it again and to know it when it is returned. Must not send. */
import { Operation } from './operation.ts';
import type { PublishInput } from './session/index.ts';

/** Resolves when the broker has confirmed the message. */
export class PublishOperation extends Operation<void> {
  /** The message, its properties encoded. */
  input: PublishInput | undefined = undefined;
  /** What `basic.return` said of it; its confirm ends it. */
  returned: Error | undefined = undefined;
  /** Where it is known for a return; `undefined` when it is not mandatory. */
  returnKey: string | undefined = undefined;
  /** The marks sent before it; returns know it by that number and its content. */
  segment = 0;
  /** Bytes the session had written when it was first sent: tells whether any of it has left. */
  writtenAt = 0;
  /** How often it has been sent. */
  attempts = 0;
  /** It may be the one that made the broker close the channel: it is sent alone. */
  isSuspect = false;
}
