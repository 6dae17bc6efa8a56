/** What a connection reports, kept and awaitable. Holds no test. */
import type { Line, LineSink } from '../../src/listener/line.ts';

/** What a connection reports, kept and awaitable. */
export class TestSink implements LineSink {
  /** Everything reported, in order. */
  readonly heard: string[] = [];
  line: Line | undefined;
  private told = (): void => {};

  readonly accept = (line: Line): LineSink => {
    this.line = line;
    this.told();
    return this;
  };

  received(bytes: Uint8Array): void {
    this.hear(new TextDecoder().decode(bytes));
  }

  drained(): void {
    this.hear('drained');
  }

  ended(): void {
    this.hear('ended');
  }

  /** Resolves when it holds, checked whenever something is reported. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
  }

  /** The connection, once it is there. */
  async accepted(): Promise<Line> {
    await this.until(() => this.line !== undefined);
    if (this.line === undefined) throw new Error('there is no line');
    return this.line;
  }

  private hear(what: string): void {
    this.heard.push(what);
    this.told();
  }
}
