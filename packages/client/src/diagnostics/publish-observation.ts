/** A publish as listeners see it, and the headers that they add. Must not send. */
import { type FieldTableInput, type FieldValueInput, isMap, Tagged, type TaggedField, table } from '@puka/wire';
import type { PublishOptions } from '../publishing/options.ts';
import type { ObservedClient, PublishData } from './diagnostics.ts';

/** One publish. */
export class PublishObservation implements PublishData {
  readonly client: ObservedClient;
  readonly exchange: string;
  readonly routingKey: string;
  readonly mandatory: boolean;
  readonly bodyBytes: number;
  readonly options: PublishOptions;
  #added: Map<string, FieldValueInput> | undefined = undefined;
  #isOpen = true;

  constructor(client: ObservedClient, options: PublishOptions, bodyBytes: number) {
    this.client = client;
    const { exchange, routingKey, mandatory }: Readonly<Partial<Record<keyof PublishOptions, unknown>>> = options;
    // A publish that is refused may be so for these.
    this.exchange = typeof exchange === 'string' ? exchange : '';
    this.routingKey = typeof routingKey === 'string' ? routingKey : '';
    this.mandatory = mandatory === true;
    this.bodyBytes = bodyBytes;
    this.options = options;
  }

  setHeader(name: string, value: FieldValueInput): void {
    if (!this.#isOpen) return;
    this.#added ??= new Map();
    this.#added.set(name, value);
  }

  /** No more headers. @returns the options with those that were added; `undefined` if there are none. */
  close(): PublishOptions | undefined {
    this.#isOpen = false;
    const added = this.#added;
    if (added === undefined) return undefined;
    return { ...this.options, headers: withHeaders(this.options.headers, added) };
  }
}

/** Those that were given keep their types and their order; those that were added replace those of their name, or follow. */
function withHeaders(given: unknown, added: ReadonlyMap<string, FieldValueInput>): FieldTableInput {
  const fields = given instanceof Tagged && given.tag === 'F' ? given.value : given;
  if (Array.isArray(fields)) {
    const kept = (fields as readonly TaggedField[]).filter(({ name }) => typeof name !== 'string' || !added.has(name));
    // The encoder takes a value without a tag too.
    return table([...kept, ...Array.from(added, ([name, value]) => ({ name, value: value as Tagged }))]);
  }
  // What is no table is refused when it is encoded.
  if (fields instanceof Tagged) return fields;
  const headers = new Map(
    isMap(fields) ? (fields as ReadonlyMap<string, FieldValueInput>) : Object.entries(fields ?? {}),
  );
  for (const [name, value] of added) headers.set(name, value);
  return headers;
}
