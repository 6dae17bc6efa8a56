/** The tree of suites and tests that a file of tests declares. It must not run any: that is run.ts. */

export type Hook = () => unknown;
export type TestBody = (context: TestContext) => unknown;

/** What a test is given. */
export interface TestContext {
  readonly signal: AbortSignal;
  onTestFinished(hook: Hook): void;
}

export interface TestCase {
  readonly type: 'test';
  readonly name: string;
  readonly body: TestBody;
  readonly timeoutMs: number | undefined;
}

export interface Suite {
  readonly type: 'suite';
  readonly name: string;
  /** Its tests run at once. */
  readonly isConcurrent: boolean;
  readonly children: (Suite | TestCase)[];
  readonly beforeAll: Hook[];
  readonly afterAll: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
}

/** Why something failed; what was thrown may be anything, undefined too. */
export interface Failure {
  readonly error: unknown;
}

export function emptySuite(name: string, isConcurrent = false): Suite {
  return {
    type: 'suite',
    name,
    isConcurrent,
    children: [],
    beforeAll: [],
    afterAll: [],
    beforeEach: [],
    afterEach: [],
  };
}

export class Collector {
  readonly root: Suite = emptySuite('');
  /** The suite whose body is running. */
  current: Suite = this.root;
  /** Of the test that is running; of those that run at once, all are called after the last that began. */
  finishers: Hook[] = [];
  /** Rejections and errors that were not handled, while a test ran: it fails by them, as under vitest. */
  readonly strayErrors: Failure[] = [];

  /** What is declared from here on belongs to a file: its hooks are for its own tests. */
  beginFile(name: string): void {
    this.current = emptySuite(name);
    this.root.children.push(this.current);
  }

  addSuite(name: string, body: () => unknown, isConcurrent = false): void {
    const suite = emptySuite(name, isConcurrent);
    const outer = this.current;
    outer.children.push(suite);
    this.current = suite;
    try {
      const result = body();
      if (result instanceof Promise) throw new Error(`the body of suite '${name}' must not be asynchronous`);
    } finally {
      this.current = outer;
    }
  }

  addTest(name: string, body: TestBody, timeoutMs: number | undefined): void {
    this.current.children.push({ type: 'test', name, body, timeoutMs });
  }
}

/** One for the program: the tests of all its files are declared here. */
export const collector: Collector = new Collector();
