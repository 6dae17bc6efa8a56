/** Connects a command to its broker, and ends the connection after it. */
import { Client } from '@puka/client';
import { type Io, write } from './terminal/io.ts';

/** The most that `--window` takes; no smaller limit of the client gets in its way. */
export const largestWindow = 16_384;

/** The options that every command has. */
export interface CommonOptions {
  readonly url?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What the connection is for. */
export interface Purpose<Result> {
  /** Shown by the broker as the connection's name. */
  readonly command: string;
  /** Whether a lost connection is made again. Not for what takes a moment. */
  readonly recover: boolean;
  readonly use: (client: Client) => Promise<Result>;
}

/** `--url`, else `AMQP_URL`, else a broker on this machine. */
export function urlOf(io: Io, { url }: CommonOptions): string {
  return url ?? (io.env.AMQP_URL || 'amqp://localhost');
}

/** Connects, does it, closes. Rejects with the error of whichever failed. */
export async function withClient<Result>(
  io: Io,
  options: CommonOptions,
  { command, recover, use }: Purpose<Result>,
): Promise<Result> {
  const limits = { maxOpenPublishes: largestWindow };
  const client = new Client(urlOf(io, options), { connectionName: `puka ${command}`, recover, ...limits });
  const say = (text: string): void => {
    if (options.quiet !== true) void write(io.stderr, `puka: ${text}\n`).catch(() => undefined);
  };
  // Failures are reported where they are awaited.
  client.on('unobserved', () => undefined);
  if (recover) {
    client.on('disconnected', (_error, isRecovering) => {
      if (isRecovering) say('the connection is lost; connecting again');
    });
    client.on('connected', (_info, report) => {
      if (report !== undefined) say('connected again');
    });
  }
  client.on('blocked', (reason) => say(`the broker takes no messages: ${reason}`));
  client.on('unblocked', () => say('the broker takes messages again'));
  // While it connects nothing is under way that could be lost.
  const stop = (): void => void client.close().catch(() => undefined);
  io.interrupted.addEventListener('abort', stop, { once: true });
  try {
    io.interrupted.throwIfAborted();
    await client.connect();
    io.interrupted.removeEventListener('abort', stop);
    return await use(client);
  } finally {
    io.interrupted.removeEventListener('abort', stop);
    await client.close().catch(() => undefined);
  }
}
