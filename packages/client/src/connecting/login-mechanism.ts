/**
 * A way to log in of the user's own, as the client takes it: its answers may be promises. Turns it into one of the
 * session's, which waits for nothing. Must not know SASL.
 */
import { UsageError } from '@puka/errors';
import { encodeUtf8, toBytes } from '@puka/wire';
import { isThenable } from '../runtime/thenable.ts';
import type { SaslExchange, SaslMechanism } from '../session/index.ts';
import type { Credentials } from './credentials.ts';

/**
 * A way to log in of your own. SASL, RFC 4422.
 *
 * @example
 * ```ts
 * import { Client, type LoginMechanism } from '@puka/client';
 *
 * const demo: LoginMechanism = {
 *   name: 'RABBIT-CR-DEMO',
 *   begin: ({ username, password }) => ({
 *     response: username,
 *     answer: async (_challenge) => `My password is ${password}`,
 *   }),
 * };
 * const client = new Client('amqp://localhost', { mechanisms: [demo] });
 * ```
 */
export interface LoginMechanism {
  /** As the broker offers it, such as `SCRAM-SHA-256`. */
  readonly name: string;
  /**
   * Begins one login: called for each connection on which the mechanism is chosen. What it throws is the `cause` of the
   * `AuthenticationFailed` that `connect()` rejects with.
   *
   * @param credentials those of the client.
   */
  begin(credentials: Pick<Credentials, 'username' | 'password'>): LoginExchange;
}

/** One login under way. */
export interface LoginExchange {
  /** Sent first, with `connection.start-ok`; text goes out as UTF-8. Default: nothing. */
  readonly response?: string | Uint8Array | undefined;
  /**
   * Answers a challenge of the broker. Left out: there are none.
   *
   * @param challenge what the broker sent (`connection.secure`); do not change it.
   */
  answer?(challenge: Uint8Array): string | Uint8Array | Promise<string | Uint8Array>;
}

/** Where the answers go that come later. A `Session` is one. */
export interface AnswerSink {
  /** The answer is there. */
  answerChallenge(response: Uint8Array): boolean;
  /** There is none. */
  failChallenge(cause: unknown): void;
}

/** @param sink asked for when a promise is settled, because the session is made after its mechanisms. */
export function sessionMechanism(mechanism: LoginMechanism, sink: () => AnswerSink | undefined): SaslMechanism {
  return {
    name: mechanism.name,
    begin(credentials): SaslExchange {
      const exchange = checkedExchange(mechanism.begin(credentials ?? { username: '', password: '' }));
      const response = exchange.response === undefined ? undefined : bytesOf(exchange.response);
      if (exchange.answer === undefined) return { response };
      return { response, answer: (challenge) => settled(exchange.answer?.(challenge), sink) };
    },
  };
}

/** @throws {UsageError} for anything but an exchange, because the login would send nothing. */
function checkedExchange(exchange: LoginExchange): LoginExchange {
  refusePromise(exchange, 'begin() of a login mechanism');
  if (typeof exchange === 'object' && exchange !== null) return exchange;
  throw new UsageError(`begin() of a login mechanism returned ${typeof exchange}; it takes { response, answer }`);
}

/** @throws {UsageError} for a promise. What that rejects with is dropped, because the login has failed by then. */
function refusePromise(value: unknown, name: string): void {
  if (!isThenable(value)) return;
  value.then(undefined, () => {});
  throw new UsageError(`${name} is a promise; of a login mechanism only answer() may return one`);
}

/** @returns the answer that is there; `undefined` for one that comes later. */
function settled(answer: unknown, sink: () => AnswerSink | undefined): Uint8Array | undefined {
  if (!isThenable(answer)) return bytesOf(answer);
  Promise.resolve(answer)
    .then((later) => sink()?.answerChallenge(bytesOf(later)))
    .catch((error: unknown) => sink()?.failChallenge(error));
  return undefined;
}

function bytesOf(answer: unknown): Uint8Array {
  if (typeof answer === 'string') return encodeUtf8(answer);
  refusePromise(answer, 'response');
  const bytes = toBytes(answer);
  if (bytes !== undefined) return bytes;
  throw new UsageError(`a login mechanism answers with text or bytes, not with ${typeof answer}`);
}
