/** Keys that do something while a command runs: from a terminal at once, else from the lines of standard input. */
import type { CommonOptions } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Io, write } from './io.ts';
import { answer } from './results.ts';

/** One key. */
export interface Key {
  readonly key: string;
  readonly meaning: string;
  /** @returns what to print, or its promise. */
  readonly run: () => string | Promise<string>;
}

/** The keys, one a line, with `q` as the last. */
export function keyTable(keys: readonly Pick<Key, 'key' | 'meaning'>[]): string {
  return [...keys.map(({ key, meaning }) => `  ${key}   ${meaning}`), '  q   quit'].join('\n');
}

/** The table of keys, to be printed after the first output on a terminal; empty elsewhere. */
export function keyHint(io: Io, { json, quiet }: CommonOptions, keys: readonly Key[]): string {
  return io.stdin.isTTY === true && json !== true && quiet !== true ? `\n${keyTable(keys)}` : '';
}

/** Resolves on `q` and on an interrupt. The end of the input ends nothing: a command may run without one. */
export function obeyKeys(io: Io, options: CommonOptions, keys: readonly Key[]): Promise<ExitCode> {
  const { stdin, interrupted } = io;
  const isRaw = stdin.isTTY === true && 'setRawMode' in stdin && typeof stdin.setRawMode === 'function';
  const setRaw = (on: boolean): void => {
    if (isRaw && 'setRawMode' in stdin && typeof stdin.setRawMode === 'function') stdin.setRawMode(on);
  };
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      stdin.off('data', onData);
      stdin.pause();
      setRaw(false);
    };
    const end = (code: ExitCode): void => {
      finish();
      resolve(code);
    };
    const press = async (key: string, { run }: Key): Promise<void> => {
      const text = await run();
      await answer(io, options, text, { key, text }).catch(() => end(exitCodes.done));
    };
    const onData = (data: string | Uint8Array): void => {
      for (const character of Buffer.from(data as Uint8Array).toString()) {
        // In raw mode Ctrl-C is a character.
        if (character === 'q' || character === '\u0003') {
          end(character === 'q' ? exitCodes.done : exitCodes.interrupted);
          return;
        }
        const known = keys.find(({ key }) => key === character);
        if (known !== undefined) {
          press(character, known).catch((error: unknown) => {
            finish();
            reject(error);
          });
        } else if (character === '?') void write(io.stderr, `${keyTable(keys)}\n`).catch(() => undefined);
      }
    };
    interrupted.addEventListener('abort', () => end(exitCodes.interrupted), { once: true });
    setRaw(true);
    stdin.on('data', onData);
    if (interrupted.aborted) end(exitCodes.interrupted);
  });
}
