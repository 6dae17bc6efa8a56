// Finds source files with logic that have no test of their own: src/a/b.ts is tested by test/a/b.test.ts. It judges
// sources given to it and must not read files, nor look at what a test contains.
import { childrenOf, isNode, type ParsedModule, type SyntaxNode } from './parse-module.ts';

/** A source file without its test. */
export interface UntestedFile {
  readonly path: string;
  /** Where its test belongs. */
  readonly testPath: string;
}

/**
 * The files of some packages that have logic and no test, sorted by path.
 *
 * @param modules all files of the workspace, tests included.
 * @param packages names of folders below `packages`.
 */
export function findUntestedFiles(modules: readonly ParsedModule[], packages: readonly string[]): UntestedFile[] {
  const paths = new Set(modules.map(({ path }) => path));
  return modules
    .filter((module) => packages.some((name) => module.path.startsWith(`packages/${name}/src/`)))
    .filter((module) => !module.path.includes('/generated/') && hasLogic(module.program))
    .map(({ path }) => ({ path, testPath: path.replace('/src/', '/test/').replace(/\.ts$/, '.test.ts') }))
    .filter(({ testPath }) => !paths.has(testPath))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
/** At the top of a module: what runs when it is loaded. Names and constants only are no logic. */
const running = new Set(['ExpressionStatement', 'IfStatement', 'ForStatement', 'ForOfStatement', 'WhileStatement']);

/** Whether there is something to test: a function with a body, or a statement that runs when the file is loaded. */
function hasLogic(program: SyntaxNode): boolean {
  return childrenOf(program).some(({ type }) => running.has(type)) || holdsFunction(program);
}

function holdsFunction(node: SyntaxNode): boolean {
  if (node.declare === true || node.type.startsWith('TS')) return false;
  if (node.type === 'StaticBlock' || (functions.has(node.type) && isNode(node.body))) return true;
  return childrenOf(node).some(holdsFunction);
}
