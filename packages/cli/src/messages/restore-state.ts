/** Stores in a file how many messages of which dump are confirmed. The file is never half written. */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { UsageError } from '@puka/client';

/** The content of the file. */
interface Saved {
  readonly confirmed: number;
  /** The digest of the lines of these messages. */
  readonly digest: string;
}

const nothing: Saved = { confirmed: 0, digest: '' };

export class RestoreState {
  readonly #path: string | undefined;
  /** The content of the file at the start. */
  readonly #found: Saved;
  #confirmed: number;
  /** The count in the file. */
  #written: number;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** How many messages were read. */
  #read = 0;
  /** The digest of all lines that were read. */
  #digest = '';
  /** The digest up to each message after the last written count, by the number of the message. */
  readonly #digests = new Map<number, string>();

  private constructor(path: string | undefined, found: Saved) {
    this.#path = path;
    this.#found = found;
    this.#confirmed = found.confirmed;
    this.#written = found.confirmed;
  }

  /** @param path `undefined` remembers nothing. @throws {UsageError} (rejects) for a file that is something else. */
  static async open(path: string | undefined): Promise<RestoreState> {
    if (path === undefined) return new RestoreState(undefined, nothing);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (Object(error).code === 'ENOENT') return new RestoreState(path, nothing);
      throw error;
    }
    const [, confirmed, digest] = /^\{"confirmed":(\d+),"sha256":"([\da-f]{64})"\}\n$/.exec(text) ?? [];
    if (confirmed === undefined || digest === undefined)
      throw new UsageError(`${path} is not a state file of puka restore`);
    return new RestoreState(path, { confirmed: Number(confirmed), digest });
  }

  /** Messages that need not go again. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** The count in the file: after a crash the rest goes again. Without a file: what is confirmed. */
  get saved(): number {
    return this.#written;
  }

  /**
   * Must be called with the line of each message, in order.
   *
   * @throws {UsageError} if these are not the messages that the file counts: they would be skipped without being sent.
   */
  read(line: Uint8Array): void {
    if (this.#path === undefined) return;
    this.#read++;
    this.#digest = createHash('sha256').update(this.#digest).update(line).digest('hex');
    if (this.#read < this.#found.confirmed) return;
    if (this.#read === this.#found.confirmed && this.#digest !== this.#found.digest) throw this.#otherInput();
    this.#digests.set(this.#read, this.#digest);
  }

  /** To be called at the end of the input. @throws {UsageError} if the input has fewer messages than the file counts. */
  checkEnd(): void {
    if (this.#path !== undefined && this.#read < this.#found.confirmed) throw this.#otherInput();
  }

  /** Takes a higher count, and writes it as soon as the last one is written. */
  advance(confirmed: number): void {
    this.#confirmed = confirmed;
    if (this.#path === undefined) this.#written = confirmed;
    else this.#writing ??= this.#write(this.#path);
  }

  /** Resolves when the file has what is known. Rejects if it could not be written. */
  async flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #write(path: string): Promise<void> {
    try {
      while (this.#written < this.#confirmed) {
        const confirmed = this.#confirmed;
        const digest = this.#digests.get(confirmed) ?? '';
        await writeFile(`${path}.new`, `{"confirmed":${confirmed},"sha256":"${digest}"}\n`);
        await rename(`${path}.new`, path);
        for (let each = this.#written; each < confirmed; each++) this.#digests.delete(each);
        this.#written = confirmed;
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#writing = undefined;
  }

  #otherInput(): UsageError {
    return new UsageError(
      `${this.#path} is the state of another input: its first ${this.#found.confirmed} messages differ from this input`,
    );
  }
}
