/** A terminal of a given width: what its screen shows after the bytes written to it. */
import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';

/** Knows what a progress bar writes: text, line feeds, cursor movements, erasing. Anything else is an error. */
export class Terminal extends Writable {
  readonly isTTY: true = true;
  readonly columns: number;
  readonly getColorDepth: WriteStream['getColorDepth'] = WriteStream.prototype.getColorDepth;
  /** All that was written. */
  written = '';
  /** How often the first row was written. */
  frames = 0;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    super({ decodeStrings: false });
    this.columns = columns;
  }

  /** The lines on the screen, without colours and without blanks at their ends. */
  get screen(): string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    const text = String(chunk);
    this.written += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what a terminal gets.
    for (const part of text.match(/\u001b\[\??[\d;]*[A-Za-z]|[^\u001b]/gu) ?? []) this.#take(part);
    done();
  }

  #take(part: string): void {
    if (part === '\n') this.#moveTo(this.#row + 1, 0);
    else if (part === '\r') this.#column = 0;
    else if (part.startsWith('\u001b[')) this.#control(part.slice(2));
    else this.#print(part);
  }

  #print(character: string): void {
    if (this.#column >= this.columns) {
      this.#moveTo(this.#row + 1, 0);
    }
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
    if (this.#row === 0 && this.#column === 1) this.frames++;
  }

  #control(code: string): void {
    const count = Number.parseInt(code, 10) || 1;
    const kind = code.at(-1);
    if (kind === 'A') this.#row = Math.max(0, this.#row - count);
    else if (kind === 'G') this.#column = count - 1;
    else if (kind === 'K') {
      const line = this.#lines[this.#row] ?? '';
      this.#lines[this.#row] = code === '2K' ? '' : line.slice(0, this.#column);
    } else if (kind === 'J') this.#lines.length = this.#row + 1;
    else if (kind !== 'm' && !/^\?25[lh]$/.test(code))
      throw new Error(`an escape that this terminal does not know: ${code}`);
  }

  #moveTo(row: number, column: number): void {
    this.#row = row;
    this.#column = column;
    while (this.#lines.length <= row) this.#lines.push('');
  }
}
