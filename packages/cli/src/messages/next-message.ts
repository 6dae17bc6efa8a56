/** The next message of a consumer, with what ends the waiting. */
import type { Client, Consumer, Message } from '@puka/client';

/** What ends it. */
export interface Patience {
  /** Milliseconds without a message; `undefined` for no end. */
  readonly idleMs: number | undefined;
  readonly signal: AbortSignal;
}

/** @returns `undefined` when nothing has come for so long. Rejects with the signal's reason, or with the consumer's end. */
export async function nextMessage(
  client: Client,
  consumer: Consumer,
  { idleMs, signal }: Patience,
): Promise<Message | undefined> {
  if (idleMs === undefined) return await client.wait(consumer, { signal });
  return await client.wait(consumer, { timeout: idleMs, signal, raiseErrors: true });
}
