/**
 * The ways to log in that come with the client, and what one of the user's own looks like. SASL, RFC 4422.
 * Must not choose among them (`login.ts`), nor wait for anything.
 */
import { UsageError } from '@puka/errors';
import { ByteWriter, encodeUtf8, writeFieldTable } from '@puka/wire';

/** The mechanisms that come with the client. */
export type MechanismName = 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL';

/** Who logs in: what PLAIN and AMQPLAIN send, and what a mechanism of one's own is given. */
export interface SessionCredentials {
  /** The user. */
  readonly username: string;
  /** The password, or the token in its place. It goes into no error and no log. */
  readonly password: string;
}

/** A way to log in, as a session takes it. */
export interface SaslMechanism {
  /** As brokers offer it, such as `SCRAM-SHA-256`: no space in it. */
  readonly name: string;
  /**
   * Begins one login. Called at most once for a connection, when the broker offers the mechanism and none that comes
   * before it. What it throws ends the connection with `AuthenticationFailed`, as its `cause`.
   *
   * @param credentials those of the session; `undefined` if it has none.
   */
  begin(credentials: SessionCredentials | undefined): SaslExchange;
}

/** One login under way. */
export interface SaslExchange {
  /** Goes out with `connection.start-ok`. Default: empty. */
  readonly response?: Uint8Array | undefined;
  /**
   * Answers a challenge of the broker (`connection.secure`). Left out: the mechanism has no challenges.
   *
   * @param challenge a view of received bytes, which no code changes.
   * @returns the answer, or `undefined` when it comes later by `session.answerChallenge()`.
   */
  answer?(challenge: Uint8Array): Uint8Array | undefined;
}

/** Those of the client's own that send the password as it is. */
export const passwordMechanisms: readonly string[] = ['PLAIN', 'AMQPLAIN'];

const plain: SaslMechanism = {
  name: 'PLAIN',
  begin(given) {
    const { username, password } = required(given, 'PLAIN');
    // RFC 4616 §2: NUL separates the parts, so no part can have one.
    if (username.includes('\0') || password.includes('\0')) {
      throw new UsageError('PLAIN cannot send a user name or password that holds a NUL character');
    }
    return { response: encodeUtf8(`\0${username}\0${password}`) };
  },
};

const amqplain: SaslMechanism = {
  name: 'AMQPLAIN',
  begin(given) {
    const { username, password } = required(given, 'AMQPLAIN');
    const writer = new ByteWriter(256);
    writeFieldTable(writer, { LOGIN: username, PASSWORD: password });
    // RabbitMQ: the fields of a table without the four octets of its length.
    return { response: writer.bytes.slice(4, writer.position) };
  },
};

const external: SaslMechanism = {
  name: 'EXTERNAL',
  // RabbitMQ takes the name from the client certificate, and does not look at the response.
  begin: () => ({}),
};

const builtIn: ReadonlyMap<string, SaslMechanism> = new Map(
  [plain, amqplain, external].map((mechanism) => [mechanism.name, mechanism]),
);

/** Reads a list of mechanisms. @throws {UsageError} for an unknown name, an empty list, or what is no mechanism. */
export function saslMechanisms(list: readonly (MechanismName | SaslMechanism)[]): readonly SaslMechanism[] {
  const given: unknown = list;
  if (!Array.isArray(given)) throw new UsageError(`mechanisms is ${typeof given}; it takes a list, such as ['PLAIN']`);
  if (list.length === 0) throw new UsageError('mechanisms is an empty list: there would be no way to log in');
  return list.map((entry) => {
    if (typeof entry === 'string') return namedMechanism(entry);
    if (!isMechanism(entry)) {
      throw new UsageError('a mechanism of mechanisms has no begin(), or no name of 1 to 255 letters without a space');
    }
    return entry;
  });
}

function isMechanism(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null || !('name' in entry && 'begin' in entry)) return false;
  return typeof entry.begin === 'function' && typeof entry.name === 'string' && /^[!-~]{1,255}$/.test(entry.name);
}

function namedMechanism(name: string): SaslMechanism {
  const mechanism = builtIn.get(name);
  if (mechanism !== undefined) return mechanism;
  throw new UsageError(`mechanisms names "${name}"; the client has ${[...builtIn.keys()].join(', ')}`);
}

function required(credentials: SessionCredentials | undefined, mechanism: string): SessionCredentials {
  if (credentials === undefined) throw new UsageError(`${mechanism} needs a user name and a password`);
  return credentials;
}
