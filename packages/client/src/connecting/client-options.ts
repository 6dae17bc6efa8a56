/** What a client is told about logging in and about its hosts. Types only. */

import type { MechanismName } from '../session/index.ts';
import type { CredentialsSource } from './credentials.ts';
import type { LoginMechanism } from './login-mechanism.ts';

/** The options of `new Client` about logging in and about hosts. */
export interface ConnectingOptions {
  /**
   * Whom to log in as, where the URL does not say: a user name and password, or a function that gives them. The function is
   * asked before each connection is opened, and again before what it gave expires: the broker then gets the new password on
   * the open connection. Default: those of the URL, else `guest`.
   */
  readonly credentials?: CredentialsSource | undefined;
  /**
   * The ways to log in that are allowed, the preferred one first; the first that the broker offers too is taken. `EXTERNAL`
   * is by client certificate. Default `['PLAIN', 'AMQPLAIN']`.
   */
  readonly mechanisms?: readonly (MechanismName | LoginMechanism)[] | undefined;
  /** `false`: the password never goes out without TLS. Default `true`. */
  readonly allowCleartextPassword?: boolean | undefined;
  /** Tries the hosts of several URLs in an order of chance, a new one for each connection. Default `false`: as they stand. */
  readonly shuffleHosts?: boolean | undefined;
}
