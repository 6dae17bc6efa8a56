/**
 * The arguments of a declare, a bind or a consume: a field table whose type tags matter, because RabbitMQ looks at them.
 * Must not know any single argument.
 */
import { array, decodeTable, encodeTable, type FieldTableInput, Tagged, table } from '@puka/wire';

/** A table with its tags, in the order in which it came; of a name that repeats the first value counts, as in RabbitMQ. */
export class Arguments {
  static readonly none: Arguments = new Arguments(new Map());
  private readonly fields: ReadonlyMap<string, Tagged>;
  private known: string | undefined;

  private constructor(fields: ReadonlyMap<string, Tagged>) {
    this.fields = fields;
  }

  /** @param source as `readTaggedTable` returns it. */
  static of(source: Tagged): Arguments {
    const fields = fieldsOf(source);
    return fields.length === 0 ? Arguments.none : new Arguments(firstOfEachName(fields));
  }

  /** Arguments written by hand, for tests and tools. @throws {UsageError} for what a table cannot hold. */
  static from(source: FieldTableInput): Arguments {
    return Arguments.of(decodeTable(encodeTable(source), { tagged: true }));
  }

  get(name: string): Tagged | undefined {
    return this.fields.get(name);
  }

  /** The text of an argument; `undefined` if it is absent or no text. */
  text(name: string): string | undefined {
    const field = this.fields.get(name);
    return field?.tag === 'S' && typeof field.value === 'string' ? field.value : undefined;
  }

  /** The number of an argument; `undefined` if it is absent or no number. */
  number(name: string): number | undefined {
    const value = this.fields.get(name)?.value;
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
  }

  /** Whether an argument is `true`. */
  isTrue(name: string): boolean {
    return this.fields.get(name)?.value === true;
  }

  get names(): string[] {
    return [...this.fields.keys()];
  }

  get entries(): [string, Tagged][] {
    return [...this.fields];
  }

  /** The same for arguments that are the same in every order; for comparing bindings. */
  get identity(): string {
    this.known ??= identityOf(this.fields);
    return this.known;
  }

  /** In plain values, for people to look at. */
  toObject(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.entries.map(([name, field]) => [name, plain(field)]));
  }
}

/** The fields of a tagged table, in their order; names that are no UTF-8 are left out. */
export function fieldsOf(source: Tagged | undefined): [string, Tagged][] {
  const list: unknown = source?.value;
  if (!Array.isArray(list)) return [];
  return list.flatMap((field: unknown): [string, Tagged][] =>
    isField(field) && typeof field.name === 'string' ? [[field.name, field.value]] : [],
  );
}

/** The elements of a tagged array; none for anything else. */
export function elementsOf(source: Tagged | undefined): Tagged[] {
  const list: unknown = source?.tag === 'A' ? source.value : undefined;
  return Array.isArray(list) ? list.filter((element: unknown) => element instanceof Tagged) : [];
}

/** Whether a value is NaN or an infinity, or holds one: RabbitMQ cannot decode them. */
export function isNotFinite({ value }: Tagged): boolean {
  if (!Array.isArray(value)) return typeof value === 'number' && !Number.isFinite(value);
  return value.some((entry: unknown) => {
    if (entry instanceof Tagged) return isNotFinite(entry);
    return isField(entry) && isNotFinite(entry.value);
  });
}

/** Fields as a table that can be encoded. */
export function tableOf(fields: readonly (readonly [string, Tagged])[]): Tagged {
  return table(fields.map(([name, value]) => ({ name, value })));
}

/** Elements as an array that can be encoded. */
export function arrayOf(elements: readonly Tagged[]): Tagged {
  return array(elements);
}

function isField(field: unknown): field is { readonly name: unknown; readonly value: Tagged } {
  return (
    typeof field === 'object' && field !== null && 'name' in field && 'value' in field && field.value instanceof Tagged
  );
}

function firstOfEachName(fields: readonly [string, Tagged][]): Map<string, Tagged> {
  const map = new Map<string, Tagged>();
  for (const [name, value] of fields) if (!map.has(name)) map.set(name, value);
  return map;
}

function identityOf(fields: ReadonlyMap<string, Tagged>): string {
  if (fields.size === 0) return '';
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return String.fromCharCode(...encodeTable(tableOf(sorted)));
}

function plain(field: Tagged): unknown {
  if (field.tag === 'A') return elementsOf(field).map(plain);
  if (field.tag === 'F') return Object.fromEntries(fieldsOf(field).map(([name, value]) => [name, plain(value)]));
  return field.value;
}
