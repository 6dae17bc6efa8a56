/**
 * The protocol table made ready for writing code: every name the code needs, every field with its domain, bits joined
 * into octets. Checks the table for what would produce wrong code. Must not write code itself.
 */
import type {
  ClassDefinition,
  Direction,
  MethodDefinition,
  VisibleField,
  WireType,
} from '../../src/protocol/definition.ts';
import { classes, domains } from '../../src/protocol/table.ts';
import { camelCase, pascalCase } from './names.ts';

/** A field that the user sees, with everything from its domain. */
export interface FieldModel {
  readonly property: string;
  readonly wireType: WireType;
  readonly isText: boolean;
  readonly doc: string;
  readonly range: string | undefined;
  /** The default as source text; `undefined` where the field must be given. */
  readonly defaultText: string | undefined;
}

/** What comes next on the wire: a field, something reserved, or an octet of bits. */
export type Step =
  | { readonly kind: 'field'; readonly field: FieldModel }
  | { readonly kind: 'reserved'; readonly wireType: Exclude<WireType, 'bit'> }
  /** Lowest bit first; `undefined` is a reserved bit. */
  | { readonly kind: 'bits'; readonly bits: readonly (FieldModel | undefined)[] };

/** A method with every name that the code needs. */
export interface MethodModel {
  /** `queue.declare`. */
  readonly type: string;
  /** `QueueDeclare`. */
  readonly typeName: string;
  /** `queueDeclare`. */
  readonly idName: string;
  /** The class's number in the upper 16 bits, the method's in the lower. */
  readonly id: number;
  readonly direction: Direction;
  readonly hasContent: boolean;
  readonly doc: string;
  readonly origin: string;
  /** `MethodId` names of the methods that answer it. */
  readonly replies: readonly string[];
  readonly fields: readonly FieldModel[];
  readonly steps: readonly Step[];
}

/** A class with its methods. */
export interface ClassModel {
  readonly name: string;
  readonly id: number;
  readonly doc: string;
  readonly methods: readonly MethodModel[];
}

/**
 * Reads the whole table.
 *
 * @throws {Error} for an unknown domain, a reply that does not exist, a default of the wrong kind, or a run of more
 * than eight bits, which no method has and the code could not express.
 */
export function readModel(): readonly ClassModel[] {
  return classes.map((definition) => ({
    name: definition.name,
    id: definition.id,
    doc: definition.doc,
    methods: definition.methods.map((method) => readMethod(definition, method)),
  }));
}

function readMethod(owner: ClassDefinition, method: MethodDefinition): MethodModel {
  const type = `${owner.name}.${method.name}`;
  const steps = readSteps(type, method);
  const fields = fieldsOf(steps);
  if (fields.some(({ property }) => property === 'type')) throw new Error(`a field of ${type} takes the name \`type\``);
  return {
    type,
    typeName: pascalCase(`${owner.name}-${method.name}`),
    idName: camelCase(`${owner.name}-${method.name}`),
    id: (owner.id << 16) | method.id,
    direction: method.direction,
    hasContent: method.hasContent,
    doc: method.doc,
    origin: method.extension === undefined ? sectionOf(owner, method) : `RabbitMQ: ${method.extension}`,
    replies: method.replies.map((reply) => {
      if (!owner.methods.some(({ name }) => name === reply)) throw new Error(`${type} is answered by unknown ${reply}`);
      return camelCase(`${owner.name}-${reply}`);
    }),
    fields,
    steps,
  };
}

function fieldsOf(steps: readonly Step[]): FieldModel[] {
  return steps.flatMap((step) => {
    if (step.kind === 'field') return [step.field];
    return step.kind === 'bits' ? step.bits.filter((bit) => bit !== undefined) : [];
  });
}

function sectionOf(owner: ClassDefinition, method: MethodDefinition): string {
  return `AMQP 0-9-1 §${owner.section}, method ${owner.id},${method.id}`;
}

function readSteps(type: string, method: MethodDefinition): Step[] {
  const steps: Step[] = [];
  let bits: (FieldModel | undefined)[] | undefined;
  for (const field of method.fields) {
    const model = 'reserved' in field ? undefined : readField(type, field);
    const wireType = 'reserved' in field ? field.reserved : domainOf(type, field.domain).wireType;
    // AMQP 0-9-1 §4.2.5.2: neighbouring bits share an octet, whatever else follows starts a new one.
    if (wireType === 'bit') {
      if (bits === undefined) {
        bits = [];
        steps.push({ kind: 'bits', bits });
      }
      bits.push(model);
      if (bits.length > 8) throw new Error(`${type} has more than eight bits in a row`);
    } else {
      bits = undefined;
      steps.push(model === undefined ? { kind: 'reserved', wireType } : { kind: 'field', field: model });
    }
  }
  return steps;
}

function readField(type: string, field: VisibleField): FieldModel {
  const domain = domainOf(type, field.domain);
  return {
    property: field.property ?? camelCase(field.name),
    wireType: domain.wireType,
    isText: domain.isText === true || domain.wireType === 'shortString',
    doc: field.doc,
    range: domain.range,
    defaultText: defaultText(`${type} ${field.name}`, domain.wireType, field.default),
  };
}

function domainOf(type: string, name: string): (typeof domains)[string] {
  const domain = domains[name];
  if (domain === undefined) throw new Error(`${type} has a field of the unknown domain ${name}`);
  return domain;
}

/** Each wire type with the JavaScript type its default must have. */
const defaultTypes: Readonly<Record<WireType, string>> = {
  bit: 'boolean',
  uint8: 'number',
  uint16: 'number',
  uint32: 'number',
  uint64: 'number',
  shortString: 'string',
  longString: 'string',
  table: 'object',
};

function defaultText(place: string, wireType: WireType, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== defaultTypes[wireType]) throw new Error(`${place} has a default of the wrong type`);
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
