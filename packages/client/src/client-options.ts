/** Options of `new Client`, and what they may be. */
import { UsageError } from '@puka/errors';
import type { ConnectionOptions } from './connecting/connection-options.ts';
import type { Diagnostics } from './diagnostics/diagnostics.ts';
import type { TraceListener, TraceOptions } from './diagnostics/wire-log.ts';
import { checkTimeout } from './operations/bounds.ts';
import { described } from './operations/call-check.ts';
import type { RecoverOptions } from './recovery/recover-options.ts';
import { checkSessionOptions } from './session/index.ts';
import { checkInteger } from './topology/method-input.ts';

/** Options of `new Client`. */
export interface ClientOptions extends ConnectionOptions {
  /**
   * What happens when the connection is lost. `true`: the client connects again, restores what it had declared and its
   * consumers, and sends again what has no outcome. `false`: everything open fails. An object changes how. Default `true`.
   */
  readonly recover?: boolean | RecoverOptions | undefined;
  /** Listeners of what this client does, beside those given to `addDiagnostics`. One, or a list. Default: none. */
  readonly diagnostics?: Diagnostics | readonly Diagnostics[] | undefined;
  /**
   * Gets each frame, in both directions, its fields decoded: a log of the wire. Credentials are never in it, bodies and the
   * values of headers only with `{ to, bodies: true }`. Default: none, or what the environment variable `PUKA_DEBUG` sets:
   * `frames` prints a line for each on the standard error output, `frames,bodies` the bodies too.
   */
  readonly trace?: TraceListener | TraceOptions | undefined;
}

/** @throws {UsageError} for an option out of its range. */
export function checkClientOptions(options: ClientOptions): void {
  checkSessionOptions({ frameMax: options.frameMax, heartbeat: options.heartbeat });
  if (options.channelMax !== 0) checkInteger('channelMax', options.channelMax, 4, 65_535);
  for (const name of ['maxMessageBytes', 'maxBufferedBytes', 'maxOpenPublishes', 'maxInboundBytes'] as const) {
    checkInteger(name, options[name], 0, Number.MAX_SAFE_INTEGER);
  }
  checkTimeout(options.connectTimeout);
  checkTimeout(options.closeTimeout);
  if (options.drive !== undefined && options.drive !== 'auto' && options.drive !== 'manual') {
    throw new UsageError(`drive is ${String(options.drive)}; it takes 'auto' or 'manual'`);
  }
  checkPart('transport', options.transport, ['connect']);
  checkPart('runtime', options.runtime, ['now', 'startTimer', 'stopTimer', 'atTurnEnd', 'warn']);
}

/** A part of the client that the user replaces needs its functions: later a missing one would be found by a timer. */
function checkPart(name: 'transport' | 'runtime', part: unknown, functions: readonly string[]): void {
  if (part === undefined) return;
  if (typeof part !== 'object' || part === null) throw new UsageError(`${name} is ${described(part)}, not an object`);
  for (const each of functions) {
    if (typeof Reflect.get(part, each) !== 'function') throw new UsageError(`${name} has no function ${each}()`);
  }
}
