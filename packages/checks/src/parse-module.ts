// Reads one source file: its imports with their lines, and its syntax tree. It must not judge what it reads.
import { parseSync } from 'oxc-parser';

/** A file of the workspace. `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import, re-export or dynamic import. */
export interface ModuleImport {
  /** As written: './x.ts', '@puka/wire', 'node:net'. */
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

/** A node of the syntax tree (ESTree, with TypeScript's additions). */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

export interface ParsedModule {
  readonly path: string;
  readonly imports: readonly ModuleImport[];
  readonly program: SyntaxNode;
  /** Turns an offset into a 1-based line. */
  lineAt(offset: number): number;
}

/** Whether a value found in the tree is a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The nodes directly below one, in the order of the source. */
export function childrenOf(node: SyntaxNode, except?: ReadonlySet<string>): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (const [field, value] of Object.entries(node)) {
    if (except?.has(field)) continue;
    for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) children.push(item);
  }
  return children;
}

/** Parses a file. Throws an Error naming the file when its syntax is wrong. */
export function parseModule(file: SourceFile): ParsedModule {
  const parsed = parseSync(file.path, file.text);
  const [problem] = parsed.errors;
  if (problem !== undefined) throw new Error(`${file.path}: ${problem.message}`);
  const program: unknown = parsed.program;
  if (!isNode(program)) throw new Error(`${file.path}: the parser returned no tree`);
  const lineAt = (offset: number): number => file.text.slice(0, offset).split('\n').length;
  const imports: ModuleImport[] = [];
  collectImports(program, lineAt, imports);
  return { path: file.path, imports, program, lineAt };
}

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function collectImports(node: SyntaxNode, lineAt: (offset: number) => number, into: ModuleImport[]): void {
  if (importing.has(node.type)) {
    const literal = isNode(node.source) ? node.source : node.argument;
    if (isNode(literal) && typeof literal.value === 'string') {
      into.push({ specifier: literal.value, line: lineAt(node.start) });
    }
  }
  for (const child of childrenOf(node)) collectImports(child, lineAt, into);
}
