/**
 * The shape of the protocol table: what a class, a method, a field and a reply code are. Types only; the facts are
 * in the files beside this one. Read by `scripts/generate.ts` and by tests, never at run time.
 */
import type { Blame, Outcome, Scope } from '@puka/errors';

/**
 * How a value is encoded (AMQP 0-9-1 §4.2.5). `bit`: one bit, packed with the bits next to it. The integers
 * are unsigned, in network byte order. A short string has one octet of length, a long string four, a table four.
 */
export type WireType = 'bit' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'shortString' | 'longString' | 'table';

/** What a kind of value means, whatever method it belongs to. */
export interface Domain {
  /** How it is encoded. */
  readonly wireType: WireType;
  /** True if a long string is text and not bytes. */
  readonly isText?: boolean;
  /** What it is, in a few words. */
  readonly doc: string;
  /** Unit, range and what 0 means, as a sentence for the doc comments; absent if there is nothing to add. */
  readonly range?: string;
}

/** Who sends a method: the client, the broker (`server`), or either. */
export type Direction = 'client' | 'server' | 'both';

/** A field that the user of the codec sees. */
export interface VisibleField {
  /** The standard's name, such as `routing-key`. */
  readonly name: string;
  /** What the code calls it, if the standard's name is taken. */
  readonly property?: string;
  /** A key of the table of domains. */
  readonly domain: string;
  /** What the encoder writes if the field is left out. Absent: the field must be given. `{}` is the empty table. */
  readonly default?: string | number | boolean | Readonly<Record<string, never>>;
  /** Its text. */
  readonly doc: string;
}

/** A field that has lost its meaning: written as zero or empty, skipped when read, never shown. */
export interface ReservedField {
  /** What takes its place on the wire. */
  readonly reserved: WireType;
}

/** A field of a method, in its place on the wire. */
export type Field = VisibleField | ReservedField;

/** A method of the protocol. */
export interface MethodDefinition {
  /** The standard's name within the class, such as `declare-ok`. */
  readonly name: string;
  /** The number within the class. */
  readonly id: number;
  /** Who sends it. */
  readonly direction: Direction;
  /** The methods of the same class that answer it; empty if nothing does. */
  readonly replies: readonly string[];
  /** Whether a content header and a body follow. */
  readonly hasContent: boolean;
  /** What it is for, in our words. */
  readonly doc: string;
  /** The name of RabbitMQ's extension that brought it; absent for what the standard has. */
  readonly extension?: string;
  /** Its fields in their order on the wire. */
  readonly fields: readonly Field[];
}

/** A class of the protocol: a group of methods about one thing. */
export interface ClassDefinition {
  /** The standard's name, such as `queue`. */
  readonly name: string;
  /** The number of the class. */
  readonly id: number;
  /** The section of the standard. */
  readonly section: string;
  /** What it is about. */
  readonly doc: string;
  /** Its methods by their number. */
  readonly methods: readonly MethodDefinition[];
}

/** A reply code, its error class and what a user can do about it. */
export interface ReplyCodeDefinition {
  /** The number on the wire. */
  readonly code: number;
  /** The standard's name, such as `not-found`. */
  readonly name: string;
  /** The class in `@puka/errors`. */
  readonly className: string;
  /** True if it closes the connection, false if it closes the channel or nothing. */
  readonly hard: boolean;
  /** How far the damage reaches. */
  readonly scope: Scope;
  /** Who has to change something. */
  readonly blame: Blame;
  /** Whether the same call may succeed later without a change to the program. */
  readonly retryable: boolean;
  /** What became of the operation. */
  readonly outcome: Outcome;
  /** Its text. */
  readonly meaning: string;
  /** What usually leads to it. */
  readonly cause: string;
  /** What to do about it. */
  readonly recovery: string;
}

/** A number that has a name in the protocol. */
export interface ConstantDefinition {
  /** The name, in kebab case. */
  readonly name: string;
  /** The number. */
  readonly value: number;
  /** What it is. */
  readonly doc: string;
}
