/** Random methods, made from the protocol table itself: no method and no field can be forgotten. */
import fc from 'fast-check';
import type { Method, MethodInput } from '../src/methods.ts';
import type { ClassDefinition, MethodDefinition, VisibleField, WireType } from '../src/protocol/definition.ts';
import { classes, domains } from '../src/protocol/table.ts';
import { plainTables } from './arbitraries.ts';

/** One method of the table with what the tests ask of it. */
export interface TableMethod {
  /** `queue.declare`. */
  readonly type: Method['type'];
  /** `QueueDeclare`. */
  readonly typeName: string;
  readonly id: number;
  readonly definition: MethodDefinition;
  readonly fields: readonly TableField[];
}

/** A visible field of a method. */
export interface TableField {
  readonly property: string;
  readonly wireType: WireType;
  readonly isText: boolean;
  readonly default: unknown;
}

function isMethodType(type: string): type is Method['type'] {
  return classes.some((owner) => owner.methods.some((method) => `${owner.name}.${method.name}` === type));
}

function readMethod(owner: ClassDefinition, definition: MethodDefinition): TableMethod {
  const type = `${owner.name}.${definition.name}`;
  if (!isMethodType(type)) throw new Error(`${type} is no method`);
  return {
    type,
    typeName: type.replaceAll(/(?:^|[.-])(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    id: owner.id * 65_536 + definition.id,
    definition,
    fields: definition.fields.flatMap((field) => ('reserved' in field ? [] : [readField(field)])),
  };
}

function readField(field: VisibleField): TableField {
  const domain = domains[field.domain];
  if (domain === undefined) throw new Error(`unknown domain ${field.domain}`);
  return {
    property: field.property ?? field.name.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    wireType: domain.wireType,
    isText: domain.isText ?? false,
    default: field.default,
  };
}

/** Every method of the table. */
export const tableMethods: readonly TableMethod[] = classes.flatMap((owner) =>
  owner.methods.map((method) => readMethod(owner, method)),
);

const unicode = fc.string({ unit: 'grapheme', maxLength: 60 });
const shortStrings = fc.oneof(
  unicode.filter((text) => new TextEncoder().encode(text).length <= 255),
  fc.constant('x'.repeat(255)),
  fc.constant(`${'€'.repeat(84)}abc`),
);
const uint64 = fc
  .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.maxSafeNat().map(BigInt), fc.constant(2n ** 53n))
  .map((value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value));

function valuesOf({ wireType, isText }: TableField): fc.Arbitrary<unknown> {
  switch (wireType) {
    case 'bit':
      return fc.boolean();
    case 'uint8':
      return fc.integer({ min: 0, max: 255 });
    case 'uint16':
      return fc.integer({ min: 0, max: 65_535 });
    case 'uint32':
      return fc.integer({ min: 0, max: 4_294_967_295 });
    case 'uint64':
      return uint64;
    case 'shortString':
      return shortStrings;
    case 'longString':
      return isText ? unicode : fc.uint8Array({ maxLength: 400 });
    case 'table':
      return plainTables;
  }
}

function isMethod(value: { readonly type: string }): value is Method {
  return isMethodType(value.type);
}

/** Methods of one type with every field stated, as a decoder returns them. */
export function methodsOf(method: TableMethod): fc.Arbitrary<Method> {
  const fields = Object.fromEntries(method.fields.map((field) => [field.property, valuesOf(field)]));
  return fc.record(fields).map((values) => checked({ ...values, type: method.type }));
}

/** One method of a type with every field at its default, those without one at a value that is valid. */
export function defaultsOf(method: TableMethod): Method {
  const valid: Readonly<Record<WireType, unknown>> = {
    bit: true,
    uint8: 1,
    uint16: 1,
    uint32: 1,
    uint64: 1,
    shortString: 'text',
    longString: new Uint8Array(1),
    table: {},
  };
  const entries = method.fields.map((field) => [field.property, field.default ?? valid[field.wireType]]);
  return checked({ ...Object.fromEntries(entries), type: method.type });
}

/** The same method as little stated as will do: what has its default is left out. */
export function withoutDefaults(method: TableMethod): MethodInput {
  const stated = Object.entries({ ...defaultsOf(method) }).filter(
    ([name]) => method.fields.find(({ property }) => property === name)?.default === undefined,
  );
  return checked({ ...Object.fromEntries(stated), type: method.type });
}

function checked(value: { readonly type: string }): Method {
  if (!isMethod(value)) throw new Error(`${value.type} is no method`);
  return value;
}
