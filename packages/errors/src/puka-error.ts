/**
 * The base of every error that Puka throws or rejects with. It makes `instanceof` work across two copies of this package. Must not keep a password, a SASL response or a message body.
 */
import type { Blame, ErrorDetails, ErrorTraits, Outcome, Scope } from './error-details.ts';
import { causeToJson, type ErrorJson } from './error-json.ts';
import type { ErrorCode } from './generated/error-codes.ts';

/** Registered with the runtime, so that every copy of this package in one process means the same symbol. */
const brand: unique symbol = Symbol.for('puka.error');
/** What `instanceof` does for a class without a check of its own. */
const hasInstance = Function.prototype[Symbol.hasInstance];

/**
 * The base class of everything Puka throws or rejects with.
 *
 * `instanceof` also works for errors of another copy of this package: it compares a brand and the names of the classes,
 * not the constructors.
 *
 * @example
 * ```ts
 * import { ConnectionBroken, NotFound, PukaError } from '@puka/errors';
 *
 * function advise(error: unknown): string {
 *   if (error instanceof NotFound) return `declare it first: ${error.replyText ?? error.message}`;
 *   if (error instanceof ConnectionBroken && error.outcome === 'not-sent') return 'send it again';
 *   if (error instanceof PukaError && error.retryable) return 'try again later';
 *   return 'give up';
 * }
 * ```
 */
export abstract class PukaError extends Error {
  /** The defaults of this class. */
  static readonly traits: ErrorTraits = {
    name: 'PukaError',
    code: 'PUKA_ERROR',
    blame: 'peer',
    scope: 'operation',
    retryable: false,
    outcome: 'unknown',
  };

  static {
    // The brand of an error holds the names of its classes.
    Object.defineProperty(PukaError.prototype, brand, {
      get(this: PukaError): readonly string[] {
        return classChainOf(this.constructor);
      },
    });
    // `value instanceof ThisClass` calls this on the class on its right, which inherits it. A class that a user derives
    // from one of ours has no traits of its own and is recognised by its identity, as usual.
    Object.defineProperty(PukaError, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        // Within one copy the identity answers, and the names are not collected.
        if (hasInstance.call(this, value)) return true;
        const traits = traitsOf(this);
        return traits !== undefined && classNamesOf(value).includes(traits.name);
      },
    });
  }

  /** A constant of the class in upper snake case, such as `NOT_FOUND`. */
  readonly code: ErrorCode;
  /** The reply code of the class, or the one that the broker sent; `undefined` if there is none. */
  declare readonly replyCode: number | undefined;
  /** The text of the broker, whole; `undefined` if the error did not come from the broker. It may hold control characters. */
  declare readonly replyText: string | undefined;
  /** Who has to change something. */
  readonly blame: Blame;
  /** How much is lost. */
  readonly scope: Scope;
  /** Whether the same call may succeed later without a change to the program; look at `outcome` before repeating it. */
  readonly retryable: boolean;
  /** What became of the operation at the broker. */
  readonly outcome: Outcome;
  /** The AMQP name of the method that failed, such as `basic.publish`; `undefined` if no single one did. */
  declare readonly method: string | undefined;

  /**
   * @param message What happened, the value, the rule or limit, and where. Must hold no secret and no body.
   * @param details The other properties. What is left out takes the default of the class.
   */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const traits = new.target.traits;
    this.code = traits.code;
    this.blame = details.blame ?? traits.blame;
    this.scope = details.scope ?? traits.scope;
    this.retryable = details.retryable ?? traits.retryable;
    this.outcome = details.outcome ?? traits.outcome;
    // These are set only if they have a value, so that a printed error shows no row of `undefined`.
    const replyCode = details.replyCode ?? traits.replyCode;
    if (replyCode !== undefined) this.replyCode = replyCode;
    if (details.replyText !== undefined) this.replyText = details.replyText;
    if (details.method !== undefined) this.method = details.method;
  }

  /**
   * The name of the class, such as `NotFound`. A class derived from one of Puka's has the name of that one. It is an
   * accessor of the prototype, not a field, so that a stack trace begins with it.
   */
  override get name(): string {
    return classChainOf(this.constructor)[0] ?? PukaError.traits.name;
  }

  /**
   * The error as plain data for a log: the fields of {@link ErrorJson} and nothing else, no stack and no body.
   *
   * @returns A new object that the caller may keep.
   */
  toJSON(): ErrorJson {
    const cause = causeToJson(this.cause);
    return {
      type: 'puka.error',
      code: this.code,
      name: this.name,
      message: this.message,
      ...(this.replyCode === undefined ? {} : { replyCode: this.replyCode }),
      ...(this.replyText === undefined ? {} : { replyText: this.replyText }),
      blame: this.blame,
      scope: this.scope,
      retryable: this.retryable,
      outcome: this.outcome,
      ...(this.method === undefined ? {} : { method: this.method }),
      ...(cause === undefined ? {} : { cause }),
    };
  }
}

/**
 * Whether a value is an error of Puka, of this copy of the package or of another.
 *
 * @param value Anything, such as what a `catch` caught.
 */
export function isPukaError(value: unknown): value is PukaError {
  return classNamesOf(value).includes(PukaError.traits.name);
}

/** The traits that a class defines itself. Inherited ones do not count: they name another class. */
function traitsOf(errorClass: unknown): ErrorTraits | undefined {
  if (typeof errorClass !== 'function' || !Object.hasOwn(errorClass, 'traits')) return undefined;
  return (errorClass as typeof PukaError).traits;
}

/** The names of a class and of those above it, from itself up to `PukaError`. */
function classChainOf(errorClass: unknown): string[] {
  const names: string[] = [];
  for (let each = errorClass; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    const traits = traitsOf(each);
    if (traits !== undefined) names.push(traits.name);
  }
  return names;
}

/** The names in the brand of a value; empty for a value without the brand. */
function classNamesOf(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !(brand in value)) return [];
  const names = value[brand];
  return Array.isArray(names) ? names : [];
}
