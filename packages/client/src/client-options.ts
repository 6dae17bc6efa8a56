/** Options of `new Client`. Types only. */
import type { ConnectionOptions } from './connecting/connection-options.ts';
import type { RecoverOptions } from './recovery/recover-options.ts';

/** Options of `new Client`. */
export interface ClientOptions extends ConnectionOptions {
  /**
   * What happens when the connection is lost. `true`: the client connects again, restores what it had declared and its
   * consumers, and sends again what has no outcome. `false`: everything open fails. An object changes how. Default `true`.
   */
  readonly recover?: boolean | RecoverOptions | undefined;
}
