// What a way of running a node (installed server, docker) has to offer to the broker on top of it.
// It must hold no code.

import type { Watchdog } from './watchdog.ts';

/** A node that can be started, ended and talked to; its folder and configuration are made. */
export interface NodeProcess {
  readonly kind: 'installed' | 'docker';
  readonly nodeName: string;
  readonly folder: string;
  readonly watchdog: Watchdog;
  /** Operating system's id of the server while it runs here. */
  readonly pid: number | undefined;
  /** Starts it; resolves as soon as the process is there, not when the server answers. */
  start(): Promise<void>;
  /** Settles when the running server ends by itself; the text describes how. */
  readonly ended: Promise<string>;
  /** Ends it in good order. */
  terminate(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Ends whatever else belongs to it; the folder is the watchdog's. */
  dispose(): Promise<void>;
  log(): Promise<string>;
  ctl(args: readonly string[]): Promise<string>;
  evaluate(expression: string): Promise<string>;
}
