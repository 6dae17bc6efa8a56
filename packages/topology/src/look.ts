/** Looks whether a queue or an exchange is there, without changing it. Must not declare. */
import type { Client, OperationOptions, QueueDeclared } from '@puka/client';
import { NotFound } from '@puka/errors';

/** @returns `undefined` for a queue that is not there. */
export async function lookAt(
  client: Client,
  queue: string,
  options: OperationOptions,
): Promise<QueueDeclared | undefined> {
  try {
    return await client.queueDeclare({ queue, passive: true, ...options });
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** Whether an exchange is there. */
export async function isExchange(client: Client, exchange: string, options: OperationOptions): Promise<boolean> {
  try {
    await client.exchangeDeclare({ exchange, passive: true, ...options });
    return true;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}
