// Finds examples with syntax that the oldest supported Node cannot parse once their types are taken away. Users copy
// examples into plain JavaScript. It must not check types, and must not know where the examples come from.
import { transform } from 'esbuild';
import type { CodeBlock } from './code-blocks.ts';

/** The oldest Node that the packages support. */
const oldestNode = 'node20';

/** What is too new, a line each as `path:line  message`; none when all examples can be parsed. */
export async function findNewSyntax(blocks: readonly CodeBlock[]): Promise<string[]> {
  const complaints = await Promise.all(blocks.map(complaintAbout));
  return complaints.filter((complaint) => complaint !== undefined);
}

/** esbuild rewrites what the target does not know, and leaves everything else as it is. */
async function complaintAbout({ path, line, code }: CodeBlock): Promise<string | undefined> {
  const asPrinted = (await transform(code, { loader: 'ts', target: 'esnext' })).code.split('\n');
  const rewritten = (await transform(code, { loader: 'ts', target: oldestNode })).code.split('\n');
  const known = new Set(rewritten);
  const tooNew = asPrinted.find((text) => !known.has(text));
  if (tooNew === undefined && asPrinted.length === rewritten.length) return undefined;
  // Types, quotes and line breaks may differ from what is printed; if the words are not found, the block is named.
  const plain = (text: string): string => text.trim().replaceAll('"', "'");
  const at = code.split('\n').findIndex((text) => tooNew !== undefined && plain(text) === plain(tooNew));
  return `${path}:${line + Math.max(0, at)}  ${oldestNode} cannot parse this as plain JavaScript: ${tooNew?.trim() ?? 'the example'}`;
}
