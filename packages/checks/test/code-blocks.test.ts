// Which lines of a document are an example, and where they are said to stand.
import { describe, expect, it } from 'vitest';
import { docCommentBlocks, markdownBlocks } from '../src/code-blocks.ts';

const path = 'docs/a.md';

describe('Markdown', () => {
  it('returns each TypeScript block with the line its code begins on', () => {
    const text = '# A\n\n```ts\nlet a = 1;\n```\n\n```typescript\nlet b = 2;\nlet c = 3;\n```\n';
    expect(markdownBlocks({ path, text })).toEqual([
      { path, line: 4, code: 'let a = 1;\n' },
      { path, line: 8, code: 'let b = 2;\nlet c = 3;\n' },
    ]);
  });

  it.each(['sh', 'js', 'json', ''])("leaves out blocks in '%s'", (language) => {
    expect(markdownBlocks({ path, text: `\`\`\`${language}\nx\n\`\`\`\n` })).toEqual([]);
  });

  it.each(['ts no-check', 'ts ignore', 'TS', 'ts {1,2}'])("has no mark that spares a block: '%s'", (info) => {
    expect(markdownBlocks({ path, text: `\`\`\`${info}\nx\n\`\`\`\n` })).toHaveLength(1);
  });

  it('takes blocks in lists without their indentation', () => {
    const text = '- so:\n\n  ```ts\n  if (a) {\n    b();\n  }\n  ```\n';
    expect(markdownBlocks({ path, text })).toEqual([{ path, line: 4, code: 'if (a) {\n  b();\n}\n' }]);
  });

  it('does not end a longer fence at a shorter one', () => {
    expect(markdownBlocks({ path, text: '````ts\n```\n````\n' })).toEqual([{ path, line: 2, code: '```\n' }]);
    expect(markdownBlocks({ path, text: '````md\n```ts\nx\n```\n````\n' })).toEqual([]);
  });

  it('refuses a block that is never closed', () => {
    expect(() => markdownBlocks({ path, text: 'a\n```ts\nlet a = 1;\n' })).toThrow('docs/a.md:2');
  });
});

describe('doc comments', () => {
  it('return their blocks without the asterisks', () => {
    const text =
      '/**\n * Says.\n * @example\n * ```ts\n * if (a) {\n *   b();\n * }\n * ```\n */\nexport const a = 1;\n';
    expect(docCommentBlocks({ path: 'a.ts', text })).toEqual([
      { path: 'a.ts', line: 5, code: 'if (a) {\n  b();\n}\n' },
    ]);
  });

  it('are the only place that counts in a source file', () => {
    const text = '/** One line. */\nconst a = `\n```ts\nx\n```\n`;\n// ```ts\n';
    expect(docCommentBlocks({ path: 'a.ts', text })).toEqual([]);
  });

  it('close their own blocks', () => {
    expect(() => docCommentBlocks({ path: 'a.ts', text: '/**\n * ```ts\n * x\n */\n' })).toThrow('a.ts:2');
  });
});
