/**
 * Finds every public name in the type declarations of another client: what it exports, the members of that, and the events
 * of its `on`. It must not read files or judge what it finds.
 */
import { childrenOf, isNode, parseModule, type SourceFile, type SyntaxNode } from '../parse-module.ts';

const declarations = new Set([
  ...['TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'TSEnumDeclaration', 'TSModuleDeclaration'],
  ...['ClassDeclaration', 'FunctionDeclaration', 'TSDeclareFunction', 'VariableDeclarator'],
]);
const members = new Set([
  ...['TSPropertySignature', 'TSMethodSignature', 'PropertyDefinition', 'TSAbstractMethodDefinition'],
  ...['MethodDefinition', 'AccessorProperty', 'TSEnumMember'],
]);
/** Methods of Node's EventEmitter that the declarations repeat for each event. */
const eventMethods = /^(?:on|once|addListener|removeListener|prependListener|prependOnceListener|listeners)$/;

/** The names, sorted, each once. Private members are left out, and members of an enum whose comment has `@ignore`. */
export function publicNames(file: SourceFile): string[] {
  const names = new Set<string>();
  const { program } = parseModule(file);
  const visit = (node: SyntaxNode): void => {
    if (node.accessibility === 'private') return;
    const name = nameOf(
      declarations.has(node.type) ? node.id : members.has(node.type) ? (node.key ?? node.id) : undefined,
    );
    if (name !== undefined && eventMethods.test(name)) {
      for (const event of eventsOf(node)) names.add(event);
      return;
    }
    if (name !== undefined && name !== 'constructor' && /\w/.test(name)) names.add(name);
    if (node.type === 'TSEnumDeclaration' && /@ignore \*\/[\w\s]*$/.test(file.text.slice(0, node.start))) return;
    for (const child of childrenOf(node)) visit(child);
  };
  for (const statement of childrenOf(program)) if (!isLocal(statement)) visit(statement);
  return [...names].sort();
}

/** The words of a page that are code: each code span as a whole, and its identifiers. Code blocks are left out. */
export function codeWords(markdown: string): Set<string> {
  const words = new Set<string>();
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  for (const [, span = ''] of text.matchAll(/`([^`\n]+)`/g)) {
    words.add(span);
    for (const [word] of span.matchAll(/[\w$-]+(?:\.[\w$-]+)*/g)) {
      words.add(word);
      for (const part of word.split('.')) words.add(part);
    }
  }
  return words;
}

/** A type alias or a variable that a module keeps to itself. */
function isLocal({ type }: SyntaxNode): boolean {
  return type === 'TSTypeAliasDeclaration' || type === 'VariableDeclaration';
}

/** The text of the name of a declaration or member; `undefined` for a computed one. */
function nameOf(key: unknown): string | undefined {
  if (!isNode(key)) return undefined;
  if (key.type === 'Identifier') return String(key.name);
  return key.type === 'Literal' ? String(key.value) : undefined;
}

/** `on(event: 'drain', …)` is the event `drain`. */
function eventsOf(node: SyntaxNode): string[] {
  const [first] = childrenOf(node).flatMap((child) => (child.type === 'Identifier' ? childrenOf(child) : []));
  const literals = (each: SyntaxNode): string[] =>
    each.type === 'Literal' ? [String(each.value)] : childrenOf(each).flatMap(literals);
  return first === undefined ? childrenOf(node).flatMap(literals) : literals(first);
}
