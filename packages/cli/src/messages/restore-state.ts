/** How many messages of a dump are confirmed, in a file that is never half written. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { UsageError } from '@puka/client';

export class RestoreState {
  readonly #path: string | undefined;
  #confirmed: number;
  /** What the file says. */
  #written: number;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(path: string | undefined, confirmed: number) {
    this.#path = path;
    this.#confirmed = confirmed;
    this.#written = confirmed;
  }

  /** @param path `undefined` remembers nothing. @throws {UsageError} (rejects) for a file that is something else. */
  static async open(path: string | undefined): Promise<RestoreState> {
    if (path === undefined) return new RestoreState(undefined, 0);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (Object(error).code === 'ENOENT') return new RestoreState(path, 0);
      throw error;
    }
    const confirmed = /^\{"confirmed":(\d+)\}\n$/.exec(text)?.[1];
    if (confirmed === undefined) throw new UsageError(`${path} is no state of puka restore`);
    return new RestoreState(path, Number(confirmed));
  }

  /** Messages that need not go again. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** What the file says: after a crash the rest goes again. Without a file: what is confirmed. */
  get saved(): number {
    return this.#written;
  }

  /** Takes a higher count, and writes it as soon as the last one is written. */
  advance(confirmed: number): void {
    this.#confirmed = confirmed;
    if (this.#path === undefined) this.#written = confirmed;
    else this.#writing ??= this.#write(this.#path);
  }

  /** Resolves when the file says what is known. Rejects if it could not be written. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #write(path: string): Promise<void> {
    try {
      while (this.#written < this.#confirmed) {
        const confirmed = this.#confirmed;
        await writeFile(`${path}.new`, `{"confirmed":${confirmed}}\n`);
        await rename(`${path}.new`, path);
        this.#written = confirmed;
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#writing = undefined;
  }
}
