#!/usr/bin/env node
/** The program `puka`: passes the command line, the streams and the signals to `runCli`. */
import { exitCodes } from './exit-codes.ts';
import { runCli } from './program.ts';

const interruption = new AbortController();

/** The first signal lets the command stop cleanly; a second one ends the process at once. */
function interrupt(): void {
  if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
  interruption.abort();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
// A failed write is reported to its caller. Without a listener here the process would end with a stack trace.
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupted: interruption.signal,
});
// An input that is no longer read must not keep the process.
process.stdin.destroy();
