/** What a command has of the world: its streams, its environment, and the interrupt. Must not know a command. */

/** The user has pressed Ctrl-C while the terminal sends no signal for it. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** A stream that is written to: a terminal, a file or a pipe. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Given to every command, so that tests can run one in their own process. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
}

/**
 * Writes a text. Resolves when the stream has passed it on. A message that is acked after that is not lost.
 * Rejects when the reader is gone.
 */
export function write(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Whether the stream has no reader any more, as with `puka consume jobs | head`. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
