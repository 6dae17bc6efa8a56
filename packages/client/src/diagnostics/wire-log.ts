/** The log of the wire: each frame of a client's connections, in both directions, as it passes. Must not change the bytes. */
import { UsageError } from '@puka/errors';
import type { ByteTap } from '../connection/driver.ts';
import { reportRejection } from '../operations/returned-promise.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { type TraceEntry, traceEntry } from './trace-entry.ts';

/** Takes the entries of the log. */
export type TraceListener = (entry: TraceEntry) => void;

/** How the wire is logged. */
export interface TraceOptions {
  /** What gets each entry. */
  readonly to: TraceListener;
  /** Whether the entries hold bodies and the values of headers. Default `false`: their lengths alone. */
  readonly bodies?: boolean | undefined;
}

/** What the log needs of its client. */
export interface WireLogHost {
  /** Milliseconds since 1970. */
  wallClock(): number;
  /** A listener threw, or its promise was rejected. */
  report(error: unknown): void;
}

/** The log of one client. */
export class WireLog {
  private readonly options: TraceOptions;
  private readonly host: WireLogHost;
  private connections = 0;

  constructor(options: TraceOptions, host: WireLogHost) {
    this.options = options;
    this.host = host;
  }

  /** Logs a new connection. */
  open(): ByteTap {
    const connection = ++this.connections;
    const received = new FrameSplitter();
    const sent = new FrameSplitter();
    const { to, bodies: showsBodies = false } = this.options;
    const report = (error: unknown): void => this.host.report(error);
    const log = (splitter: FrameSplitter, direction: TraceEntry['direction'], bytes: Uint8Array): void => {
      splitter.push(bytes, (frame) => {
        try {
          const returned: unknown = to(
            traceEntry(frame, { timeMs: this.host.wallClock(), connection, direction, showsBodies }),
          );
          reportRejection(returned, report);
        } catch (error) {
          report(error);
        }
      });
    };
    return {
      received: (bytes) => log(received, 'received', bytes),
      sent: (chunks) => {
        for (const chunk of chunks) log(sent, 'sent', chunk);
      },
    };
  }
}

/**
 * How the wire is logged: as the option `trace` sets it, else the environment.
 *
 * @param setting of the environment variable `PUKA_DEBUG`: `frames` prints a line for each frame, `frames,bodies` the bodies too.
 * @param print takes a line.
 * @returns `undefined` if it is not logged.
 * @throws {UsageError} for what is no such option.
 */
export function traceOptions(
  option: TraceListener | TraceOptions | undefined,
  setting: string | undefined,
  print: (line: string) => void,
): TraceOptions | undefined {
  if (typeof option === 'function') return { to: option };
  if (option !== undefined) {
    if (typeof option === 'object' && option !== null && typeof option.to === 'function') return option;
    throw new UsageError('trace takes a function, or { to: function, bodies: true }');
  }
  const words = setting?.split(',').map((word) => word.trim()) ?? [];
  if (!words.includes('frames')) return undefined;
  return { to: (entry) => print(entry.toString()), bodies: words.includes('bodies') };
}
