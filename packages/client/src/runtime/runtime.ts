/**
 * The few globals of the runtimes that the client uses: timers, a clock, the end of a turn, the console.
 * Nothing else in this package may touch one.
 */
import { MessageTasks } from './message-tasks.ts';

/** A timer, as far as it is used here. */
export interface Timer {
  /** On Node and Bun: a pending timer does not keep the process alive. */
  unref?(): unknown;
}

declare function setTimeout(callback: () => void, ms: number): Timer;
declare function clearTimeout(timer: Timer): void;
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const performance: { now(): number };
declare const process:
  | {
      readonly env?: Readonly<Record<string, string | undefined>>;
      readonly versions?: Readonly<Record<string, string | undefined>>;
      getBuiltinModule?(name: string): unknown;
    }
  | undefined;
declare const Deno:
  | {
      readonly internal?: symbol;
      unrefTimer(timer: unknown): void;
      readonly permissions: {
        querySync(permission: { readonly name: 'env'; readonly variable: string }): { readonly state: string };
      };
    }
  | undefined;
declare const navigator: { readonly userAgent?: string } | undefined;
declare const console: { warn(...values: unknown[]): void; error(...values: unknown[]): void };

/** What the driver asks of its surroundings; tests put a virtual clock in its place. */
export interface Runtime {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /**
   * Calls once, later.
   *
   * @param keepsProcess whether the process has to run until then. Default `false`.
   */
  startTimer(callback: () => void, ms: number, keepsProcess?: boolean): Timer;
  /** A timer stopped is never called. */
  stopTimer(timer: Timer): void;
  /** Calls when this turn of the event loop has read what there was to read. */
  atTurnEnd(callback: () => void): void;
  /** Warns the developer. */
  warn(text: string, error: unknown): void;
  /** Milliseconds since 1970, for the expiry of credentials. Default: the system's. */
  wallClock?(): number;
  /** At random, 0 to less than 1, for the order of hosts. Default: the system's. */
  random?(): number;
  /** What the broker's management page shows as the platform, such as `Node.js 24.1.0`. Default: found out. */
  readonly platform?: string | undefined;
}

/** A module that the runtime brings along; `undefined` if it has none of that name. */
export function builtinModule(name: string): unknown {
  return typeof process === 'undefined' ? undefined : process.getBuiltinModule?.(name);
}

/** A variable of the environment; `undefined` if it is not set, or may not be read. */
export function environmentVariable(name: string): string | undefined {
  if (typeof process === 'undefined') return undefined;
  // Deno would ask the user at the terminal.
  if (typeof Deno === 'object' && Deno.permissions.querySync({ name: 'env', variable: name }).state !== 'granted') {
    return undefined;
  }
  return process.env?.[name];
}

/** Reads and sets the async context of what runs just now. */
export interface AsyncContextAccess {
  getAsyncContext(): unknown;
  setAsyncContext(context: unknown): void;
}

/** Deno's own access to async contexts; `undefined` elsewhere, and if a version of Deno has it no more: it is not documented. */
export function denoAsyncContexts(): AsyncContextAccess | undefined {
  if (typeof Deno !== 'object' || Deno.internal === undefined) return undefined;
  const internals = Reflect.get(Deno, Deno.internal) as { readonly core?: Partial<AsyncContextAccess> } | undefined; // Looked at below.
  const { getAsyncContext, setAsyncContext } = internals?.core ?? {};
  if (typeof getAsyncContext !== 'function' || typeof setAsyncContext !== 'function') return undefined;
  return { getAsyncContext, setAsyncContext };
}

/** Prints a line on the standard error output, where it does not mix with the program's output. */
export function printLine(line: string): void {
  console.error(line);
}

const messageTasks = new MessageTasks();

/** The surroundings of Node, Deno, Bun and browsers. */
export const defaultRuntime: Runtime = {
  now: () => performance.now(),
  startTimer(callback, ms, keepsProcess = false) {
    const timer = setTimeout(callback, ms);
    if (!keepsProcess) unref(timer);
    return timer;
  },
  stopTimer: (timer) => clearTimeout(timer),
  atTurnEnd: (callback) => {
    if (typeof setImmediate === 'function') setImmediate(callback);
    // Deno has none before 2.4, and there an open message port would keep the process. In Cloudflare Workers a port belongs to
    // one request, and the client to another.
    else if (typeof Deno === 'object' || isCloudflareWorker()) setTimeout(callback, 0);
    else messageTasks.run(callback);
  },
  warn: (text, error) => console.warn(text, error),
};

function isCloudflareWorker(): boolean {
  return typeof navigator === 'object' && navigator.userAgent === 'Cloudflare-Workers';
}

/** Node and Bun have timers with `unref`; Deno's are numbers. */
function unref(timer: Timer): void {
  if (typeof timer === 'object') timer.unref?.();
  else if (typeof Deno === 'object') Deno.unrefTimer(timer);
}

/** The platform that the code runs on, and its version, if it has one. */
export function platformName(): string {
  const versions = typeof process === 'undefined' ? undefined : process.versions;
  // Deno and Bun claim to be Node too.
  for (const [key, name] of [
    ['deno', 'Deno'],
    ['bun', 'Bun'],
    ['node', 'Node.js'],
  ] as const) {
    const version = versions?.[key];
    if (version !== undefined) return `${name} ${version}`;
  }
  return 'JavaScript';
}
