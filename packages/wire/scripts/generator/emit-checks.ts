/** Writes the checks of the methods that bring a content: what finds a malformed one without decoding it. */
import type { ClassModel, MethodModel, Step } from './model.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

/** The checks of one class's methods with a content; empty where it has none. */
export function emitChecks(model: ClassModel): SourceFile[] {
  const methods = model.methods.filter(({ hasContent }) => hasContent);
  if (methods.length === 0) return [];
  return [
    sourceFile(`check/${model.name}.ts`, [
      comment(
        `Checks of the methods of the class \`${model.name}\` that a content follows: each walks over a payload and decodes nothing.`,
      ),
      "import { refuseMalformed } from '../../method-decoding.ts';",
      `import { ${methods.map(({ typeName }) => `decode${typeName}`).join(', ')} } from '../decode/${model.name}.ts';`,
      ...methods.map(emitCheck),
    ]),
  ];
}

function emitCheck({ type, typeName, steps }: MethodModel): string {
  return [
    docComment([
      `Checks the payload of a \`${type}\` frame and allocates nothing; see \`decodeMethod\` for the parameters.`,
      `@throws {AmqpSyntaxError} exactly where \`decode${typeName}\` does.`,
    ]),
    `export function check${typeName}(bytes: Uint8Array, start = 0, end: number = bytes.length): void {`,
    // Each step moves on, so a field that is cut short leaves the position past the end for good.
    'let at = start + 4;',
    ...moves(type, steps),
    `if (at !== end) refuseMalformed(decode${typeName}, bytes, start, end);`,
    '}',
  ].join('\n');
}

const sizes = { uint8: 1, uint16: 2, uint32: 4, uint64: 8 } as const;

/** Neighbouring fields of a fixed size are one move. */
function moves(type: string, steps: readonly Step[]): string[] {
  const lines: string[] = [];
  let fixed = 0;
  for (const step of steps) {
    const wireType = step.kind === 'bits' ? 'uint8' : step.kind === 'field' ? step.field.wireType : step.wireType;
    if (wireType === 'shortString') {
      if (fixed > 0) lines.push(`at += ${fixed};`);
      fixed = 0;
      lines.push('at += 1 + (bytes[at] ?? 0);');
    } else if (wireType in sizes) {
      fixed += sizes[wireType as keyof typeof sizes]; // Just looked up.
    } else {
      throw new Error(`${type} has a ${wireType}, which its check cannot walk over`);
    }
  }
  return fixed > 0 ? [...lines, `at += ${fixed};`] : lines;
}
