/** Writes the encoders: for each method a function of straight-line code, and the switch over all of them. */
import type { ClassModel, FieldModel, MethodModel, Step } from './model.ts';
import { hex } from './names.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

/** The encoders of one class's methods. */
export function emitEncoders(model: ClassModel): SourceFile {
  const withFields = model.methods.filter(({ fields }) => fields.length > 0);
  const typeNames = withFields.map(({ typeName }) => `${typeName}Fields`);
  const code = model.methods.map(emitEncoder);
  const text = code.join('\n');
  const helpers = ['abandonMethod', 'beginMethod', 'endMethod', 'optionalBit', 'requiredBit'];
  return sourceFile(`encode/${model.name}.ts`, [
    comment(`Encoders of the class \`${model.name}\`: each writes a whole method frame, or nothing when it throws.`),
    "import type { ByteWriter } from '../../byte-writer.ts';",
    text.includes('writeFieldTable(') ? "import { writeFieldTable } from '../../field-table.ts';" : '',
    `import { ${helpers.filter((name) => text.includes(`${name}(`)).join(', ')} } from '../../method-encoding.ts';`,
    typeNames.length > 0 ? `import type { ${typeNames.join(', ')} } from '../types/${model.name}.ts';` : '',
    ...code,
  ]);
}

/** The one encoder for any method. */
export function emitEncodeMethod(models: readonly ClassModel[]): SourceFile {
  const cases = models.flatMap(({ methods }) =>
    methods.map(({ type, typeName, fields }) => {
      const call = fields.length > 0 ? '(writer, channel, method, frameMaxBytes)' : '(writer, channel, frameMaxBytes)';
      return `case '${type}': encode${typeName}${call}; break;`;
    }),
  );
  return sourceFile('encode-method.ts', [
    comment('Encodes any method, picked by its `type`.'),
    "import type { ByteWriter } from '../byte-writer.ts';",
    "import { refuseMethod } from '../method-encoding.ts';",
    ...models.map(({ name, methods }) => {
      const names = methods.map(({ typeName }) => `encode${typeName}`);
      return `import { ${names.join(', ')} } from './encode/${name}.ts';`;
    }),
    "import type { MethodInput } from './method.ts';",
    docComment([
      'Writes a whole method frame, or nothing when it throws.',
      '@param writer Where the frame goes; `begin()` is called on it.',
      '@param channel The channel number, 0 to 65535; 0 for the class `connection`.',
      '@param method The method; fields that have a default may be left out. Bytes and tables in it are copied.',
      '@param frameMaxBytes The largest frame that may be sent, in bytes; 0, the default, is no limit.',
      '@throws {UsageError} for a field or channel number out of its range; the message names method and field.',
      '@throws {LimitExceeded} for a frame of more than `frameMaxBytes`.',
    ]),
    'export function encodeMethod(writer: ByteWriter, channel: number, method: MethodInput, frameMaxBytes = 0): void {',
    'switch (method.type) {',
    ...cases,
    'default: refuseMethod(method);',
    '}\n}',
  ]);
}

function emitEncoder(method: MethodModel): string {
  const { type, typeName, fields } = method;
  const allOptional = fields.every(({ defaultText }) => defaultText !== undefined);
  const parameters = [
    'writer: ByteWriter',
    'channel: number',
    ...(fields.length === 0 ? [] : [`fields: ${typeName}Fields${allOptional ? ' = {}' : ''}`]),
    'frameMaxBytes = 0',
  ];
  return [
    docComment([`Writes \`${type}\` as a whole frame; see \`encodeMethod\` for parameters and errors.`]),
    `export function encode${typeName}(${parameters.join(', ')}): void {`,
    'try {',
    `beginMethod(writer, channel, ${hex(method.id, 8)});`,
    ...method.steps.map((step) => emitStep(type, step)),
    `endMethod(writer, frameMaxBytes, '${type}');`,
    `} catch (error) { throw abandonMethod(writer, error, '${type}'); }`,
    '}',
  ].join('\n');
}

function emitStep(type: string, step: Step): string {
  switch (step.kind) {
    case 'reserved':
      // Zero and the empty string or table look alike: as many zero octets as the number or the length has.
      return step.wireType === 'uint16' ? 'writer.writeUint16(0);' : emptyOf(step.wireType);
    case 'bits':
      return `writer.writeUint8(${emitBits(type, step.bits)});`;
    case 'field':
      return emitField(type, step.field);
  }
}

function emptyOf(wireType: string): string {
  return wireType === 'shortString' || wireType === 'uint8' ? 'writer.writeUint8(0);' : 'writer.writeUint32(0);';
}

function emitBits(type: string, bits: readonly (FieldModel | undefined)[]): string {
  const terms = bits.flatMap((bit, index) => {
    if (bit === undefined) return [];
    const name = `'${bit.property} of ${type}'`;
    if (bit.defaultText === undefined) return [`requiredBit(fields.${bit.property}, ${1 << index}, ${name})`];
    const value = bit.defaultText === 'true' ? `fields.${bit.property} ?? true` : `fields.${bit.property}`;
    return [`optionalBit(${value}, ${1 << index}, ${name})`];
  });
  return terms.length === 0 ? '0' : terms.join(' | ');
}

const writeFunctions = {
  uint8: 'writeUint8',
  uint16: 'writeUint16',
  uint32: 'writeUint32',
  uint64: 'writeUint64',
  shortString: 'writeShortString',
  longString: 'writeLongString',
} as const;

function emitField(type: string, field: FieldModel): string {
  const value = `fields.${field.property}`;
  const name = `'${field.property} of ${type}'`;
  if (field.wireType === 'table') {
    const write = `writeFieldTable(writer, ${value}, ${name});`;
    if (field.defaultText === undefined) return write;
    // An empty table is its length alone.
    return `if (${value} === undefined) writer.writeUint32(0); else ${write}`;
  }
  if (field.wireType === 'bit') throw new Error(`${type}.${field.property} is a bit outside an octet of bits`);
  const given = field.defaultText === undefined ? value : `${value} ?? ${field.defaultText}`;
  return `writer.${writeFunctions[field.wireType]}(${given}, ${name});`;
}
