/** Cuts a file into lines. Must not change a byte: the lines together are the file. */
import { readFile } from 'node:fs/promises';
import { CannotStart } from './command-line.ts';

const lineFeed = 0x0a;

/** The lines of a file, as bytes. Rejects with {@link CannotStart} if it cannot be read. */
export async function readLines(path: string): Promise<Uint8Array[]> {
  try {
    return splitLines(await readFile(path));
  } catch (error) {
    throw new CannotStart(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Each line with its line feed, as views of the bytes; the last one without it if the file does not end in one. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(lineFeed, start);
    const end = at < 0 ? bytes.length : at + 1;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  return error instanceof Error ? error.message : String(error);
}
