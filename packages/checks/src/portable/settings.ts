/** What a run is started with. It must not read it: that is the program's, which knows its runtime. */

/** One for the program, filled in before the tests run. The times are there to end what does not finish, on a busy machine too. */
export const settings: {
  readonly provided: Map<string, unknown>;
  testTimeoutMs: number;
  hookTimeoutMs: number;
} = { provided: new Map(), testTimeoutMs: 120_000, hookTimeoutMs: 120_000 };
