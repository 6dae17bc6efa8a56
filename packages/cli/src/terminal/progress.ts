/** Shows how far a command has come, on a terminal and nowhere else. */
import cliProgress from 'cli-progress';
import type { CommonOptions } from '../connect.ts';
import type { Io } from './io.ts';

/** What is shown. */
export interface ProgressStart {
  readonly title: string;
  /** `undefined` if it is not known. */
  readonly total?: number | undefined;
}

/** A row on the terminal, or nothing at all. */
export class Progress {
  readonly #bar: cliProgress.SingleBar | undefined;
  readonly #began: number = performance.now();

  constructor(io: Io, { json, quiet }: CommonOptions, { title, total }: ProgressStart) {
    if (io.stderr.isTTY !== true || json === true || quiet === true) return;
    const isNarrow = (io.stderr.columns ?? 80) < 70;
    const counts = total === undefined ? '{value}' : '{value}/{total}';
    const time = total === undefined ? '' : ' · {eta_formatted} left';
    const bar = total === undefined || isNarrow ? '' : ' {bar}';
    this.#bar = new cliProgress.SingleBar(
      {
        stream: io.stderr,
        format: `${title}${bar} ${counts} · {rate}/s${time}`,
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        etaBuffer: 1000,
      },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total ?? 0, 0, { rate: 0 });
  }

  /** @param count what is done by now. */
  show(count: number): void {
    const seconds = (performance.now() - this.#began) / 1000;
    this.#bar?.update(count, { rate: seconds === 0 ? 0 : Math.round(count / seconds) });
  }

  /** Takes the row away. A second call does nothing. */
  stop(): void {
    this.#bar?.stop();
  }
}
