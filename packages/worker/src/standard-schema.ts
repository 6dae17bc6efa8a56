/**
 * The interface that zod, valibot, arktype and others share (https://standardschema.dev, version 1), as far as a worker
 * uses it. Types only, so that no schema library is needed.
 */

/** A schema of any library that follows the standard. */
export interface StandardSchema<Output = unknown> {
  /** What the standard asks for, under a name that no other field has. */
  readonly '~standard': {
    /** The version of the standard. */
    readonly version: 1;
    /** The library that the schema is of. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
    /** For the types alone; never there when a program runs. */
    readonly types?:
      | {
          /** What goes in. */
          readonly input: unknown;
          /** What comes out. */
          readonly output: Output;
        }
      | undefined;
  };
}

/** The result of a schema for a value. */
export type StandardSchemaResult<Output> =
  | {
      /** The value, as the schema returns it. */
      readonly value: Output;
      /** Absent: nothing is wrong. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong; at least one. */
      readonly issues: readonly StandardSchemaIssue[];
    };

/** What is wrong with a value. */
export interface StandardSchemaIssue {
  /** In words, from the schema. */
  readonly message: string;
  /** Where in the value; absent for the value as a whole. */
  readonly path?:
    | readonly (
        | PropertyKey
        | {
            /** The name of a field, or an index. */
            readonly key: PropertyKey;
          }
      )[]
    | undefined;
}
