/** One publish under way: what is needed to send it again and to know it when it is returned. Must not send. */
import { Operation } from '../operations/operation.ts';
import type { PublishInput } from '../session/index.ts';

/** The position of a mandatory publish among equal ones. */
export interface ReturnTrace {
  /** The marks sent before it. */
  readonly segment: number;
  /** The same for messages with equal route and body. */
  readonly key: string;
  /** The same for equal properties. */
  readonly hash: number;
  /** Its properties, as they are compared. */
  readonly properties: Uint8Array;
}

/** Of a mandatory publish, and of one that went wrong before. */
interface Rare {
  returned: Error | undefined;
  returnTrace: ReturnTrace | undefined;
  hasLeft: boolean;
  isSuspect: boolean;
  unnamedEnds: number;
}

/** Resolves when the broker has confirmed the message. */
export class PublishOperation extends Operation<void> {
  /** The message, its properties encoded. */
  input: PublishInput | undefined = undefined;
  /** How long its body was at the call. */
  bodyBytes = 0;
  /** Bytes the session had written when it was first sent: shows whether any of it has been sent. */
  writtenAt = 0;
  /** How often it has been sent over this connection. */
  attempts = 0;
  /** It waits to be sent: after a suspect, for its channel, or until its exchange is known. */
  isHeld = false;
  /** What only some have: of publishes under way there may be many. */
  private rare: Rare | undefined = undefined;

  /** What `basic.return` reported of it; its confirm ends it. */
  get returned(): Error | undefined {
    return this.rare?.returned;
  }

  set returned(error: Error) {
    this.needed().returned = error;
  }

  /** How it would be known if it were returned; `undefined` when it is not mandatory, or cannot be any more. */
  get returnTrace(): ReturnTrace | undefined {
    return this.rare?.returnTrace;
  }

  set returnTrace(trace: ReturnTrace | undefined) {
    this.needed().returnTrace = trace;
  }

  /** Bytes of it left over an earlier connection: the broker may have taken it there. */
  get hasLeft(): boolean {
    return this.rare?.hasLeft === true;
  }

  /** It may be the one that made the broker close the channel: it is sent alone. */
  get isSuspect(): boolean {
    return this.rare?.isSuspect === true;
  }

  /** Connections that have ended under it by an error of the broker's that names nothing. */
  get unnamedEnds(): number {
    return this.rare?.unnamedEnds ?? 0;
  }

  /** Bytes of it have left over a connection that is lost. */
  noteLeft(): void {
    this.needed().hasLeft = true;
  }

  /** It was under way when the broker closed the channel, or the connection without naming anything. */
  suspect(isUnnamed = false): void {
    const rare = this.needed();
    rare.isSuspect = true;
    if (isUnnamed) rare.unnamedEnds++;
  }

  private needed(): Rare {
    this.rare ??= { returned: undefined, returnTrace: undefined, hasLeft: false, isSuspect: false, unnamedEnds: 0 };
    return this.rare;
  }
}
