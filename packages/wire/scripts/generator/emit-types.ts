/** Writes the types of the methods: what a decoder returns, what an encoder takes, and the unions of all of them. */
import type { WireType } from '../../src/protocol/definition.ts';
import type { ClassModel, FieldModel, MethodModel } from './model.ts';
import { comment, docComment, type SourceFile, sourceFile } from './source.ts';

const decodedTypes: Readonly<Record<WireType, string>> = {
  bit: 'boolean',
  uint8: 'number',
  uint16: 'number',
  uint32: 'number',
  uint64: 'number | bigint',
  shortString: 'string',
  longString: 'Uint8Array',
  table: 'FieldTable',
};

const senders = { client: 'client', server: 'broker', both: 'client or broker' } as const;

/** The types of one class's methods. */
export function emitTypes(model: ClassModel): SourceFile {
  const usesTables = model.methods.some(({ fields }) => fields.some(({ wireType }) => wireType === 'table'));
  return sourceFile(`types/${model.name}.ts`, [
    comment(
      `The methods of the class \`${model.name}\`: ${model.doc}. The results of decoders and the input of encoders.`,
    ),
    usesTables ? "import type { FieldTable, FieldTableInput } from '../../field-table.ts';" : '',
    ...model.methods.flatMap((method) => [emitDecoded(method), ...emitInputs(method)]),
  ]);
}

/** The unions over all classes. */
export function emitUnions(models: readonly ClassModel[]): SourceFile {
  const methods = models.flatMap((model) => model.methods);
  return sourceFile('method.ts', [
    comment('The unions of all methods.'),
    ...models.map((model) => {
      const names = model.methods.flatMap((method) => [method.typeName, `${method.typeName}Input`]);
      return `import type { ${names.join(', ')} } from './types/${model.name}.ts';`;
    }),
    ...models.map((model) => `export type * from './types/${model.name}.ts';`),
    docComment(['Any method as a decoder returns it; `type` is the discriminant.']),
    `export type Method = ${methods.map(({ typeName }) => typeName).join(' | ')};`,
    docComment(['Any method as input of the encoder: fields with a default may be left out.']),
    `export type MethodInput = ${methods.map(({ typeName }) => `${typeName}Input`).join(' | ')};`,
    docComment(['The AMQP name of a method, such as `queue.declare`.']),
    "export type MethodType = Method['type'];",
  ]);
}

function emitDecoded(method: MethodModel): string {
  const views = method.fields.some(({ wireType, isText }) => wireType === 'longString' && !isText);
  return [
    docComment([
      method.doc,
      `Sent by: ${senders[method.direction]}.${method.hasContent ? ' A content follows.' : ''} ${method.origin}.`,
      ...(views ? ['Bytes in it are views of the input.'] : []),
    ]),
    `export interface ${method.typeName} {`,
    docComment(['The AMQP name of the method.']),
    `readonly type: '${method.type}';`,
    ...method.fields.flatMap((field) => [
      docComment([describe(field)]),
      `readonly ${field.property}: ${field.isText ? 'string' : decodedTypes[field.wireType]};`,
    ]),
    '}',
  ].join('\n');
}

function emitInputs(method: MethodModel): string[] {
  const input = `${method.typeName}Input`;
  if (method.fields.length === 0) {
    return [
      docComment([`The input of \`encodeMethod\` for \`${method.type}\`.`]),
      `export type ${input} = ${method.typeName};`,
    ];
  }
  const fields = method.fields.flatMap((field) => {
    const optional = field.defaultText !== undefined;
    const standard = optional ? ` Default: \`${field.defaultText}\`.` : '';
    return [
      docComment([`${describe(field)}${standard}`]),
      `readonly ${field.property}${optional ? '?' : ''}: ${inputType(field)}${optional ? ' | undefined' : ''};`,
    ];
  });
  return [
    docComment([`The fields of \`${method.type}\` for its encoder.`]),
    `export interface ${method.typeName}Fields {\n${fields.join('\n')}\n}`,
    docComment([`The input of \`encodeMethod\` for \`${method.type}\`.`]),
    `export interface ${input} extends ${method.typeName}Fields {`,
    docComment(['The AMQP name of the method.']),
    `readonly type: '${method.type}';\n}`,
  ];
}

function inputType(field: FieldModel): string {
  if (field.wireType === 'table') return 'FieldTableInput';
  return field.wireType === 'longString' ? 'string | Uint8Array' : decodedTypes[field.wireType];
}

function describe({ doc, range }: FieldModel): string {
  return range === undefined ? doc : `${doc} ${range}`;
}
