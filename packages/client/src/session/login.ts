/**
 * The login of one session: chooses the mechanism, returns what goes out, and remembers which answer is owed.
 * Holds the secrets and does not show them in inspections: all of its fields are private to the runtime.
 * Must not write to the connection or change its state: the session does.
 */
import { AuthenticationFailed, CommandInvalid, type PukaError, peerText, UsageError } from '@puka/errors';
import { passwordMechanisms, type SaslExchange, type SaslMechanism, type SessionCredentials } from './sasl.ts';

/** What a login is made of. */
export interface LoginOptions {
  readonly mechanisms: readonly SaslMechanism[];
  readonly credentials: SessionCredentials | undefined;
  readonly isEncrypted: boolean;
  readonly allowCleartextPassword: boolean;
}

/** How a login begins. */
export interface LoginStart {
  readonly mechanism: string;
  readonly response: Uint8Array;
}

const nothing: Uint8Array = new Uint8Array(0);

/** The login of one session. */
export class Login {
  readonly #options: LoginOptions;
  #credentials: SessionCredentials | undefined;
  #chosen: SaslMechanism | undefined;
  #exchange: SaslExchange | undefined;
  #owesAnswer = false;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Whether the broker waits for an answer to its challenge. */
  get owesAnswer(): boolean {
    return this.#owesAnswer;
  }

  /** Whether PLAIN or AMQPLAIN may be used here. */
  get #allowsPasswords(): boolean {
    return this.#options.isEncrypted || this.#options.allowCleartextPassword;
  }

  /** Takes the credentials, if they come later than the options. */
  use(credentials: SessionCredentials): void {
    this.#credentials = credentials;
  }

  /**
   * Chooses: the first of the user's list that the broker offers.
   *
   * @param offered the broker's list, a space between two.
   * @throws {AuthenticationFailed} if there is none, or the mechanism failed.
   */
  start(offered: string): LoginStart {
    // Searched without splitting it, because a peer may send megabytes.
    const names = ` ${offered} `;
    const chosen = this.#allowed().find(({ name }) => names.includes(` ${name} `));
    if (chosen === undefined) throw this.#nothingInCommon(offered);
    this.#chosen = chosen;
    try {
      this.#exchange = chosen.begin(this.#credentials);
      return { mechanism: chosen.name, response: this.#exchange.response ?? nothing };
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Takes a challenge. @returns the answer; `undefined` when it comes later. @throws {AuthenticationFailed | CommandInvalid} */
  challenge(bytes: Uint8Array): Uint8Array | undefined {
    const exchange = this.#exchange;
    if (exchange?.answer === undefined || this.#owesAnswer) {
      const why = this.#owesAnswer ? 'before the first was answered' : `, which ${this.#chosen?.name} does not have`;
      throw new CommandInvalid(`the broker sent a login challenge ${why}`.replace(' ,', ','), { blame: 'peer' });
    }
    try {
      const answer = exchange.answer(bytes);
      this.#owesAnswer = answer === undefined;
      return answer;
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The answer that was owed is there. */
  answered(): void {
    this.#owesAnswer = false;
  }

  /** Forgets what it knows: the login is over. */
  end(): void {
    this.#owesAnswer = false;
    this.#exchange = undefined;
    this.#credentials = undefined;
  }

  /** The error of a mechanism that failed in this client. */
  failure(cause: unknown): PukaError {
    // The cause's own words stay out of the text: they are the mechanism's, and may hold what it was working on.
    return new AuthenticationFailed(`the login mechanism ${this.#chosen?.name} failed in this client`, {
      cause,
      outcome: 'not-sent',
    });
  }

  #allowed(): readonly SaslMechanism[] {
    if (this.#allowsPasswords) return this.#options.mechanisms;
    return this.#options.mechanisms.filter(({ name }) => !passwordMechanisms.includes(name));
  }

  #nothingInCommon(offered: string): AuthenticationFailed {
    const names = this.#allowed().map(({ name }) => name);
    const wanted = names.length === 0 ? 'none of its own' : names.join(', ');
    const forbidden = this.#allowsPasswords
      ? ''
      : '; PLAIN and AMQPLAIN are forbidden without TLS (allowCleartextPassword: false)';
    const hint = names.includes('EXTERNAL') ? '; RabbitMQ offers EXTERNAL only with a client certificate' : '';
    return new AuthenticationFailed(
      `no login in common: the broker offers "${peerText(offered)}", this client takes ${wanted}${forbidden}${hint}`,
      { outcome: 'not-sent' },
    );
  }
}

/**
 * Refuses, before anything is opened, options that leave no way to log in.
 *
 * @throws {UsageError} where every mechanism would send the password in the clear and that is forbidden.
 */
export function checkLogin({ mechanisms, isEncrypted, allowCleartextPassword }: LoginOptions): void {
  if (isEncrypted || allowCleartextPassword) return;
  if (mechanisms.some(({ name }) => !passwordMechanisms.includes(name))) return;
  throw new UsageError(
    'without TLS every one of mechanisms would send the password in the clear, which allowCleartextPassword: false ' +
      'forbids; use amqps:// or another mechanism',
  );
}
