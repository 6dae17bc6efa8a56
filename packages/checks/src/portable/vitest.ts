/**
 * Replaces `vitest` in tests that are bundled for a runtime it does not run on: the names our tests use, with its
 * meaning. It must not depend on Node, nor run anything before `run.ts` does.
 */
import { collector, type Hook, type TestBody } from './collector.ts';
import { settings } from './settings.ts';

export { expect } from './expect.ts';
export { vi } from './vi.ts';

type Options = number | { readonly timeout?: number | undefined };
type Row = (...row: never[]) => unknown;
type Each = (rows: readonly unknown[]) => Declare<Row>;

interface Declare<Body> {
  (name: string, options: Options, body: Body): void;
  (name: string, body: Body, options?: Options): void;
}

/** `it`, `test` and `describe`, as far as we use them. */
export type Declaration<Body> = Declare<Body> & {
  readonly each: Each;
  readonly skipIf: (isSkipped: unknown) => Declaration<Body>;
  readonly runIf: (isRun: unknown) => Declaration<Body>;
  readonly skip: Declare<Body>;
  /** Of `describe`: its tests run at once. They must not use `onTestFinished` but that of their context. */
  readonly concurrent: Declare<Body>;
  readonly sequential: Declare<Body>;
};

type Add<Body> = (name: string, body: Body, timeoutMs: number | undefined) => void;

function declaration<Body>(add: Add<Body>, adapt: (body: () => unknown) => Body): Declaration<Body> {
  const declare = (name: string, first: Body | Options, second?: Body | Options): void => {
    const { body, timeoutMs } = sorted(name, first, second);
    add(name, body, timeoutMs);
  };
  const each: Each = (rows) => (name: string, first: Row | Options, second?: Row | Options) => {
    const { body, timeoutMs } = sorted(name, first, second);
    rows.forEach((row, index) => {
      const values = Array.isArray(row) ? row : [row];
      add(
        formatName(name, values, index),
        adapt(() => Reflect.apply(body, undefined, values)),
        timeoutMs,
      );
    });
  };
  const nothing: Add<Body> = () => undefined;
  const made = Object.assign(declare, {
    each,
    skip: (): void => undefined,
    skipIf: (isSkipped: unknown): Declaration<Body> => declaration(isSkipped ? nothing : add, adapt),
    runIf: (isRun: unknown): Declaration<Body> => declaration(isRun ? add : nothing, adapt),
  });
  return Object.assign(made, { concurrent: made, sequential: made });
}

const addSuite = (name: string, body: () => unknown): void => collector.addSuite(name, body);
const addConcurrentSuite = (name: string, body: () => unknown): void => collector.addSuite(name, body, true);
const asIs = (body: () => unknown): (() => unknown) => body;

export const it: Declaration<TestBody> = declaration<TestBody>(
  (name, body, timeoutMs) => collector.addTest(name, body, timeoutMs),
  (body) => body,
);
export const test: Declaration<TestBody> = it;
export const describe: Declaration<() => unknown> = Object.assign(declaration(addSuite, asIs), {
  concurrent: declaration(addConcurrentSuite, asIs),
});

export function beforeAll(hook: Hook): void {
  collector.current.beforeAll.push(hook);
}

export function afterAll(hook: Hook): void {
  collector.current.afterAll.push(hook);
}

export function beforeEach(hook: Hook): void {
  collector.current.beforeEach.push(hook);
}

export function afterEach(hook: Hook): void {
  collector.current.afterEach.push(hook);
}

/** Runs after the test at hand, whatever comes of it. */
export function onTestFinished(hook: Hook): void {
  collector.finishers.push(hook);
}

/** What the program was started with, by name. @throws if nothing of the name was given. */
export function inject(name: string): unknown {
  if (!settings.provided.has(name)) throw new Error(`nothing was provided as '${name}'`);
  return settings.provided.get(name);
}

/** For the compiler alone. */
export function expectTypeOf(): unknown {
  const anything: unknown = new Proxy(() => anything, { get: () => anything });
  return anything;
}

/** The body and the options, which may come in either order. */
function sorted<Body>(name: string, first: Body | Options, second: Body | Options | undefined) {
  const [body, options] = isOptions(first) ? [second, first] : [first, second];
  if (body === undefined || isOptions(body)) throw new Error(`'${name}' has no body`);
  return { body, timeoutMs: options === undefined || !isOptions(options) ? undefined : timeoutOf(options) };
}

function isOptions(value: unknown): value is Options {
  return typeof value === 'number' || (typeof value === 'object' && value !== null);
}

function timeoutOf(options: Options | undefined): number | undefined {
  return typeof options === 'object' ? options.timeout : options;
}

/** vitest's: `%s` and its kin take the values in turn, `$key` those of an object, `%#` and `%$` the number. */
function formatName(name: string, values: readonly unknown[], index: number): string {
  let next = 0;
  const [row] = values;
  return name
    .replace(/%[sdifjo#$%]/g, (mark) => {
      if (mark === '%%') return '%';
      if (mark === '%#') return String(index);
      if (mark === '%$') return String(index + 1);
      const value = values[next++];
      return typeof value === 'object' && value !== null ? inspect(value) : String(value);
    })
    .replace(/\$([\w.]+)/g, (mark, path: string) => {
      let value: unknown = row;
      for (const key of path.split('.'))
        value = value === undefined || value === null ? undefined : Reflect.get(Object(value), key);
      return value === undefined ? mark : String(value);
    });
}

function inspect(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}
