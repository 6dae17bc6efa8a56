/** Shows the picture: drawn over itself in a terminal, as lines elsewhere. Must not know what a row looks like. */
import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import { drawPicture, drawRow, type Output, type Progress, rows } from './picture.ts';

/** How often a terminal is drawn. */
const framesPerSecond = 10;
/** How wide a picture is that goes into a file. */
const plainColumns = 80;
const plainIntervalMs = 1000;

/** Shows pictures until `stop`, which shows the last one. */
export class Screen {
  readonly #output: Output;
  readonly #bars: cliProgress.MultiBar | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #progress: Progress;
  #isStopped = false;

  /** @param progress the first picture; it is read each time one is drawn, so that it may be an object that changes. */
  constructor(output: Output, progress: Progress) {
    this.#output = output;
    this.#progress = progress;
    if (output.isTTY === true) this.#bars = this.#startBars();
    else this.#timer = setInterval(() => this.#writeLine(), plainIntervalMs);
  }

  /** Takes what is drawn next. It draws nothing itself, so that it may be called at any rate. */
  show(progress: Progress): void {
    this.#progress = progress;
  }

  /** Writes a line of text above the picture. */
  say(text: string): void {
    if (this.#bars === undefined) this.#output.write(`${text}\n`);
    else this.#bars.log(`${text}\n`);
  }

  /** Draws the last state and restores the terminal. A second call does nothing. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#timer);
    if (this.#bars === undefined) {
      this.#output.write(`${drawPicture(this.#progress, plainColumns, this.#output).join('\n')}\n`);
      return;
    }
    // What was printed since the last frame comes with this one.
    this.#bars.update();
    this.#bars.stop();
  }

  #startBars(): cliProgress.MultiBar {
    const bars = new cliProgress.MultiBar({
      ...{
        stream: wideStream(this.#output),
        fps: framesPerSecond,
        hideCursor: true,
        linewrap: true,
        forceRedraw: true,
      },
      format: (_options, _params, { row }) =>
        drawRow(row, this.#progress, this.#output.columns ?? plainColumns, this.#output),
    });
    for (const row of rows) bars.create(1, 0, { row });
    return bars;
  }

  #writeLine(): void {
    const { total, sent, confirmed, received } = this.#progress;
    this.#output.write(`  sent ${sent}, confirmed ${confirmed}, received ${received} of ${total}\n`);
  }
}

/** The same terminal without a right edge: the library would cut rows there, and count colours as characters. */
function wideStream(output: Output): NodeJS.WritableStream {
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done): void {
      output.write(text);
      done();
    },
  });
  return Object.assign(stream, { isTTY: true, columns: Number.MAX_SAFE_INTEGER });
}
