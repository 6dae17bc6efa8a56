/**
 * The login: gets it, checks it, hides it, and returns when to get it again. Time is an argument, the next deadline
 * an answer. Must not arm a timer nor write to a connection: the client does.
 */
import { AuthenticationFailed, isPukaError, UsageError } from '@puka/errors';
import { isDate } from '@puka/wire';

/** Who logs in. */
export interface Credentials {
  /** The user. If a token names it, as with OAuth 2, it may be empty. */
  readonly username: string;
  /** The password, or the token in its place. */
  readonly password: string;
  /** When the password expires. Useful from a function, which is then called again in time. Default: never. */
  readonly expiresAt?: Date | undefined;
  /** The same, as milliseconds from now. OAuth 2 counts `expires_in` in seconds: times 1000. */
  readonly expiresIn?: number | undefined;
}

/** Credentials, or a function that fetches them: called for each new connection, and again before they expire. */
export type CredentialsSource = Credentials | (() => Credentials | Promise<Credentials>);

/** Credentials that show no password in an inspection or as JSON. */
export class HiddenCredentials {
  /** The user. */
  readonly username: string;
  /** How long the password is valid, in milliseconds from when it was given; `Infinity` for ever. */
  readonly lifetimeMs: number;
  readonly #password: string;

  constructor(username: string, password: string, lifetimeMs: number = Number.POSITIVE_INFINITY) {
    this.username = username;
    this.#password = password;
    this.lifetimeMs = lifetimeMs;
  }

  /** The password, for the login alone. A method, because an inspection may call getters. */
  reveal(): string {
    return this.#password;
  }

  /** Whether they are the same user and password. */
  equals(other: HiddenCredentials): boolean {
    return this.username === other.username && this.#password === other.#password;
  }
}

/**
 * Reads the caller's value, as it is now.
 *
 * @param wallClockMs milliseconds since 1970, to which `expiresAt` refers.
 * @throws {UsageError} for values that are not credentials, without showing them.
 */
export function readCredentials(given: unknown, wallClockMs: number): HiddenCredentials {
  if (typeof given !== 'object' || given === null)
    throw noCredentials(`they are ${given === null ? 'null' : typeof given}`);
  const username = 'username' in given ? given.username : undefined;
  const password = 'password' in given ? given.password : undefined;
  if (typeof username !== 'string') throw noCredentials('username is no string');
  if (typeof password !== 'string') throw noCredentials('password is no string');
  return new HiddenCredentials(username, password, lifetimeOf(given, wallClockMs));
}

/**
 * Asks for credentials.
 *
 * Rejects with `AuthenticationFailed` if the function fails (its error is the `cause`; it may be tried again), and with
 * `UsageError` if it returns something else.
 */
export async function askForCredentials(
  source: HiddenCredentials | (() => unknown),
  wallClock: () => number,
): Promise<HiddenCredentials> {
  if (source instanceof HiddenCredentials) return source;
  let given: unknown;
  try {
    given = await source();
  } catch (cause) {
    // Its words stay out of the text, because they are the caller's and may hold a secret.
    throw new AuthenticationFailed('the credentials function failed; its own error is the cause', {
      cause,
      outcome: 'not-sent',
      retryable: isPukaError(cause) ? cause.retryable : true,
    });
  }
  return readCredentials(given, wallClock());
}

function lifetimeOf(given: object, wallClockMs: number): number {
  const expiresAt = 'expiresAt' in given ? given.expiresAt : undefined;
  const expiresIn = 'expiresIn' in given ? given.expiresIn : undefined;
  if (expiresAt !== undefined && expiresIn !== undefined)
    throw noCredentials('they have expiresAt and expiresIn; give one');
  if (expiresAt !== undefined) {
    const endMs = isDate(expiresAt) ? expiresAt.getTime() : Number.NaN;
    if (Number.isNaN(endMs)) throw noCredentials('expiresAt is no valid Date');
    return endMs - wallClockMs;
  }
  if (expiresIn === undefined) return Number.POSITIVE_INFINITY;
  if (typeof expiresIn !== 'number' || Number.isNaN(expiresIn))
    throw noCredentials('expiresIn is no number of milliseconds');
  return expiresIn;
}

function noCredentials(why: string): UsageError {
  return new UsageError(`credentials are { username, password }, or a function that returns them: ${why}`);
}
