/** Runs a command line of `puka` in the process of the test, with streams of its own. */
import { PassThrough } from 'node:stream';
import { exitCodes } from '../src/exit-codes.ts';
import { runCli } from '../src/program.ts';

export interface RunOptions {
  readonly url?: string;
  /** Standard input, and its end; default empty. A stream is left to the test. */
  readonly input?: string | Uint8Array | PassThrough;
  /** All three streams are a terminal. */
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly interrupt?: AbortController;
}

export interface Ran {
  /** The name of the exit code. */
  readonly code: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command is doing that has not ended. */
export interface Running {
  readonly ended: Promise<Ran>;
  /** Resolves with all of standard output when it holds the text. */
  printed(text: string): Promise<string>;
  readonly interrupt: AbortController;
}

export function start(words: readonly string[], options: RunOptions = {}): Running {
  const { url = 'amqp://127.0.0.1:1', input = '', isTerminal = false, columns = 80 } = options;
  const { interrupt = new AbortController() } = options;
  const stdin = Object.assign(input instanceof PassThrough ? input : new PassThrough(), { isTTY: isTerminal });
  if (!(input instanceof PassThrough)) stdin.end(input);
  const out = collector(isTerminal, columns);
  const err = collector(isTerminal, columns);
  const io = { stdin, stdout: out.stream, stderr: err.stream, env: { AMQP_URL: url }, interrupted: interrupt.signal };
  const ended = runCli(words, io).then((code) => ({
    code: Object.entries(exitCodes).find(([, value]) => value === code)?.[0] ?? String(code),
    stdout: out.text(),
    stderr: err.text(),
  }));
  return { ended, printed: out.until, interrupt };
}

export function run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return start(words, options).ended;
}

function collector(isTTY: boolean, columns: number) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns });
  let text = '';
  let waiting: (() => void)[] = [];
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    text += piece;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  });
  return {
    stream,
    text: () => text,
    until: async (wanted: string): Promise<string> => {
      while (!text.includes(wanted)) await new Promise<void>((resolve) => waiting.push(resolve));
      return text;
    },
  };
}
