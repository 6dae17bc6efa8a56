// Finds uses of clocks, timers, randomness and runtime globals in code that has to return the same result everywhere
// and always. It must not know which folders that code is in.
import { childrenOf, isNode, type ParsedModule, type SyntaxNode } from './parse-module.ts';

/** A use of something that belongs to a runtime. */
export interface GlobalUse {
  /** 'Date.now', 'new Date()', 'setTimeout', … */
  readonly name: string;
  /** 1-based. */
  readonly line: number;
}

const forbidden = new Set(
  [
    'performance setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask',
    'process Buffer fetch crypto globalThis global window self require Deno Bun WebSocket navigator',
  ].flatMap((names) => names.split(' ')),
);
const forbiddenMembers: Readonly<Record<string, string>> = { Date: 'now', Math: 'random' };

/** Fields that hold types: they are gone before anything runs. */
const typeFields = new Set([
  ...['typeAnnotation', 'returnType', 'typeParameters', 'typeArguments', 'superTypeArguments', 'implements'],
]);
const typeNodes = new Set(['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'TSDeclareFunction']);
const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const scopes = new Set([
  ...['Program', 'BlockStatement', 'ForStatement', 'ForOfStatement', 'ForInStatement', 'CatchClause', 'StaticBlock'],
  ...functions,
]);

/** Every use in the file, in the order of the source. A name declared in an enclosing scope is not the global. */
export function findRuntimeGlobals(module: ParsedModule): GlobalUse[] {
  const uses: GlobalUse[] = [];
  const visit = (node: SyntaxNode, declared: ReadonlySet<string>): void => {
    if (typeNodes.has(node.type) || node.declare === true) return;
    const names = scopes.has(node.type) ? new Set([...declared, ...declaredIn(node)]) : declared;
    const name = useIn(node, names);
    if (name !== undefined) uses.push({ name, line: module.lineAt(node.start) });
    for (const child of childrenOf(node, skippedFields(node))) visit(child, names);
  };
  visit(module.program, new Set());
  return uses;
}

function useIn(node: SyntaxNode, declared: ReadonlySet<string>): string | undefined {
  const isGlobal = (value: unknown, name: string): boolean => identifier(value) === name && !declared.has(name);
  if (node.type === 'Identifier') {
    const name = identifier(node);
    return name !== undefined && forbidden.has(name) && !declared.has(name) ? name : undefined;
  }
  if (node.type === 'NewExpression' && isGlobal(node.callee, 'Date')) {
    return Array.isArray(node.arguments) && node.arguments.length === 0 ? 'new Date()' : undefined;
  }
  if (node.type === 'CallExpression' && isGlobal(node.callee, 'Date')) return 'Date()';
  for (const [object, member] of Object.entries(forbiddenMembers)) {
    if (node.type === 'MemberExpression' && isGlobal(node.object, object) && keyOf(node.property) === member) {
      return `${object}.${member}`;
    }
    if (node.type === 'VariableDeclarator' && isGlobal(node.init, object) && isNode(node.id)) {
      if (childrenOf(node.id).some((property) => keyOf(property.key) === member)) return `${object}.${member}`;
    }
  }
  return undefined;
}

/** Names that are not variables: `x.process`, `{ process: 1 }`, a method called `process`. */
function skippedFields(node: SyntaxNode): ReadonlySet<string> {
  const skipped = new Set(typeFields);
  if (node.computed !== true) {
    if (node.type === 'MemberExpression') skipped.add('property');
    if (node.type === 'Property' || node.type.endsWith('Definition') || node.type === 'AccessorProperty') {
      skipped.add('key');
    }
  }
  if (node.type === 'ImportSpecifier') skipped.add('imported');
  if (node.type === 'ExportSpecifier') skipped.add('exported');
  if (node.type === 'LabeledStatement' || node.type === 'BreakStatement' || node.type === 'ContinueStatement') {
    skipped.add('label');
  }
  return skipped;
}

/** The names that a scope itself declares, not those of the scopes inside it. */
function declaredIn(scope: SyntaxNode): string[] {
  const names: string[] = [];
  if (functions.has(scope.type)) {
    for (const parameter of Array.isArray(scope.params) ? scope.params : []) names.push(...boundNames(parameter));
    names.push(...boundNames(scope.id));
  }
  if (scope.type === 'CatchClause') names.push(...boundNames(scope.param));
  const collect = (node: SyntaxNode): void => {
    if (node.type === 'VariableDeclarator') names.push(...boundNames(node.id));
    else if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') {
      names.push(...boundNames(node.id));
    } else if (node.type.startsWith('Import') && node.type.endsWith('Specifier')) {
      names.push(...boundNames(node.local));
    }
    for (const child of childrenOf(node)) if (!scopes.has(child.type) || isNamed(child)) collectChild(child);
  };
  const collectChild = (child: SyntaxNode): void => {
    if (isNamed(child)) names.push(...boundNames(child.id));
    else collect(child);
  };
  for (const child of childrenOf(scope)) {
    if (isNamed(child)) names.push(...boundNames(child.id));
    else if (!scopes.has(child.type)) collect(child);
  }
  return names;
}

function isNamed(node: SyntaxNode): boolean {
  return node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration';
}

function boundNames(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [identifier(pattern) ?? ''];
    case 'ObjectPattern':
      return Array.isArray(pattern.properties) ? pattern.properties.flatMap(boundNames) : [];
    case 'ArrayPattern':
      return Array.isArray(pattern.elements) ? pattern.elements.flatMap(boundNames) : [];
    case 'Property':
      return boundNames(pattern.value);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'TSParameterProperty':
      return boundNames(pattern.parameter);
    default:
      return [];
  }
}

function identifier(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value.name === 'string' ? value.name : undefined;
}

function keyOf(value: unknown): string | undefined {
  if (isNode(value) && value.type === 'Literal' && typeof value.value === 'string') return value.value;
  return identifier(value);
}
