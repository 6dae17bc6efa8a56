// Runs a command to its end and returns what it wrote. It must not hide why a command failed.

import { spawn } from 'node:child_process';

/** What may be shown of a run. */
export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to its standard input. Default: none. */
  readonly input?: string;
  /** The command is killed after this time. Default 120000. */
  readonly timeoutMs?: number;
}

/**
 * @returns its standard output. Rejects when it can't be started, fails, or takes too long; the message has what it
 * wrote.
 */
export function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 120_000 } = options;
  const label = [command, ...args].join(' ').slice(0, 200);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let output = '';
    let complaints = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints += text;
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new Error(`${label}: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else {
        const end = timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${code ?? signal}`;
        reject(new Error(`${label} ${end}\n${[complaints, output].join('\n').trim()}`.trim()));
      }
    });
    // A command that ends without reading its input breaks the pipe; its status is more exact.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
