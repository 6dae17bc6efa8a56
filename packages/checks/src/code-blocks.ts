// Finds the TypeScript examples in Markdown and in doc comments. It must not judge or run them, nor read files.
import type { SourceFile } from './parse-module.ts';

/** One fenced block of TypeScript. */
export interface CodeBlock {
  /** The file it is in, relative to the root, with forward slashes. */
  readonly path: string;
  /** 1-based line of the first line of code, below the opening fence. */
  readonly line: number;
  readonly code: string;
}

const languages = new Set(['ts', 'typescript', 'mts', 'cts', 'tsx']);

/** The TypeScript blocks of a Markdown file; blocks in another language are left out. Throws on a fence left open. */
export function markdownBlocks(file: SourceFile): CodeBlock[] {
  return fencedBlocks(
    file.path,
    file.text.split(/\r?\n/).map((text, index) => ({ text, line: index + 1 })),
  );
}

/** The TypeScript blocks in the doc comments of a source file. Throws on a fence left open in its comment. */
export function docCommentBlocks(file: SourceFile): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let comment: Line[] | undefined;
  for (const [index, text] of file.text.split(/\r?\n/).entries()) {
    if (/^\s*\/\*\*/.test(text)) comment = [];
    comment?.push({ text: text.replace(/^\s*\*(?!\/) ?/, ''), line: index + 1 });
    if (comment !== undefined && text.includes('*/')) {
      blocks.push(...fencedBlocks(file.path, comment));
      comment = undefined;
    }
  }
  return blocks;
}

interface Line {
  readonly text: string;
  readonly line: number;
}

function fencedBlocks(path: string, lines: readonly Line[]): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { indent: number; fence: string; language: string; line: number; code: string[] } | undefined;
  for (const { text, line } of lines) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
    if (open === undefined) {
      const language = /^[\w-]*/.exec(info.trim())?.[0].toLowerCase() ?? '';
      if (fence !== '') open = { indent: indent.length, fence, language, line: line + 1, code: [] };
    } else if (fence.startsWith(open.fence) && info.trim() === '') {
      if (languages.has(open.language)) blocks.push({ path, line: open.line, code: `${open.code.join('\n')}\n` });
      open = undefined;
    } else {
      open.code.push(dedent(text, open.indent));
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.line - 1}  the code block is never closed`);
  return blocks;
}

/** Takes away as much leading white space as the opening fence had, for blocks inside lists. */
function dedent(text: string, indent: number): string {
  const leading = text.length - text.trimStart().length;
  return text.slice(Math.min(indent, leading));
}
