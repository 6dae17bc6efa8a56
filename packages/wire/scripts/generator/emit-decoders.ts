/** Writes the decoders: for each method a function of straight-line code, and the switch over all of them. */
import type { ClassModel, FieldModel, MethodModel, Step } from './model.ts';
import { hex } from './names.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

/** The decoders of one class's methods. */
export function emitDecoders(model: ClassModel): SourceFile {
  const code = model.methods.map(emitDecoder);
  const text = code.join('\n');
  const helpers = ['endMethod', 'enterMethod', 'malformedMethod', 'readText', 'skipLongString', 'skipShortString'];
  return sourceFile(`decode/${model.name}.ts`, [
    comment(
      `Decoders of the class \`${model.name}\`: each reads a method frame's payload, whose ids the caller has read.`,
    ),
    text.includes('readFieldTable(') ? "import { readFieldTable } from '../../field-table.ts';" : '',
    `import { ${helpers.filter((name) => text.includes(`${name}(`)).join(', ')} } from '../../method-decoding.ts';`,
    `import type { ${model.methods.map(({ typeName }) => typeName).join(', ')} } from '../types/${model.name}.ts';`,
    ...code,
  ]);
}

/** The one decoder for any method. */
export function emitDecodeMethod(models: readonly ClassModel[]): SourceFile {
  const cases = models.flatMap(({ methods }) =>
    methods.map(({ id, typeName }) => `case ${hex(id, 8)}: return decode${typeName}(bytes, start, end);`),
  );
  return sourceFile('decode-method.ts', [
    comment('Decodes any method, picked by its class id and method id.'),
    "import { methodIdAt, unknownMethod } from '../method-decoding.ts';",
    ...models.map(({ name, methods }) => {
      const names = methods.map(({ typeName }) => `decode${typeName}`);
      return `import { ${names.join(', ')} } from './decode/${name}.ts';`;
    }),
    "import type { Method } from './method.ts';",
    docComment([
      'Reads the payload of a method frame.',
      '@param bytes The bytes that contain the payload. Long strings in the result are views of it, everything else is copied.',
      '@param start The index of its first octet.',
      '@param end The index after its last octet.',
      '@returns The method; `type` is its discriminant. Reserved fields are skipped.',
      '@throws {CommandInvalid} for an undefined method.',
      '@throws {AmqpSyntaxError} for octets missing or left over, and for a malformed table; the message names method and field.',
      '@throws {LimitExceeded} for a table nested too deep or with too many fields.',
    ]),
    'export function decodeMethod(bytes: Uint8Array, start = 0, end: number = bytes.length): Method {',
    'const id = methodIdAt(bytes, start, end);',
    'switch (id) {',
    ...cases,
    'default: throw unknownMethod(id);',
    '}\n}',
  ]);
}

function emitDecoder(method: MethodModel): string {
  const { type, typeName, fields } = method;
  const result = [`type: '${type}'`, ...fields.map(memberOf)].join(', ');
  const body =
    method.steps.length === 0
      ? [`endMethod(enterMethod(bytes, start, end), '${type}');`, `return { ${result} };`]
      : [
          'const reader = enterMethod(bytes, start, end);',
          `let field = '${nameOf(method.steps[0])}';`,
          'try {',
          ...method.steps.flatMap((step, index) => emitStep(step, index)),
          `endMethod(reader, '${type}');`,
          `return { ${result} };`,
          `} catch (error) { throw malformedMethod(error, '${type}', field); }`,
        ];
  return [
    docComment([`Reads the payload of a \`${type}\` frame; see \`decodeMethod\` for parameters and errors.`]),
    `export function decode${typeName}(bytes: Uint8Array, start = 0, end: number = bytes.length): ${typeName} {`,
    ...body,
    '}',
  ].join('\n');
}

/** What a field is called while it is read: strict mode keeps `arguments` for itself. */
function localOf({ property }: FieldModel): string {
  return property === 'arguments' ? 'argumentTable' : property;
}

function memberOf(field: FieldModel): string {
  const local = localOf(field);
  return local === field.property ? local : `${field.property}: ${local}`;
}

/** What an error message calls the step where the reading stopped. */
function nameOf(step: Step | undefined): string {
  if (step === undefined || step.kind === 'reserved') return 'a reserved field';
  if (step.kind === 'field') return step.field.property;
  return step.bits.find((bit) => bit !== undefined)?.property ?? 'a reserved field';
}

function emitStep(step: Step, index: number): string[] {
  const place = index === 0 ? [] : [`field = '${nameOf(step)}';`];
  switch (step.kind) {
    case 'reserved':
      return [...place, skips[step.wireType]];
    case 'field':
      return [...place, `const ${localOf(step.field)} = ${readField(step.field)};`];
    case 'bits': {
      if (step.bits.every((bit) => bit === undefined)) return [...place, skips.uint8];
      const reads = step.bits.flatMap((bit, position) =>
        bit === undefined ? [] : [`const ${bit.property} = (bits & ${1 << position}) !== 0;`],
      );
      return [...place, 'const bits = reader.readUint8();', ...reads];
    }
  }
}

const skips = {
  uint8: 'reader.skip(1);',
  uint16: 'reader.skip(2);',
  uint32: 'reader.skip(4);',
  uint64: 'reader.skip(8);',
  shortString: 'skipShortString(reader);',
  longString: 'skipLongString(reader);',
  table: 'skipLongString(reader);',
} as const;

const readFunctions = {
  uint8: 'readUint8',
  uint16: 'readUint16',
  uint32: 'readUint32',
  uint64: 'readUint64',
  shortString: 'readShortString',
  longString: 'readLongString',
} as const;

function readField(field: FieldModel): string {
  if (field.wireType === 'table') return 'readFieldTable(reader)';
  if (field.wireType === 'longString' && field.isText) return 'readText(reader)';
  if (field.wireType === 'bit') throw new Error(`${field.property} is a bit outside an octet of bits`);
  return `reader.${readFunctions[field.wireType]}()`;
}
