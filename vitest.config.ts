import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

/** `puka:source` makes the tests run on the sources; `ssr.resolve` is the key that vitest looks at. */
const conditions = ['puka:source', 'node', 'import', 'default'];

/** To load the sources anew for each file takes longer than its tests. What a file changes in its process it takes back. */
const isEachFileLoadedAnew = false;
const mocking = [
  'packages/testing/test/differential/campaign.test.ts',
  'packages/testkit/test/broker/free-port.test.ts',
];
/** The conformance suite cuts a conversation at each byte; the sources, which are slower here, at some. */
const someCuts = { PUKA_CUT_STEP: '5' };

const config: ViteUserConfigExport = defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    // Most of the time a test waits for a broker; vitest by itself would run one file at a time on two cores.
    maxWorkers: availableParallelism() + 1,
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          isolate: isEachFileLoadedAnew,
          include: ['packages/*/test/**/*.test.ts', 'apps/ledger/test/**/*.test.ts'],
          exclude: ['packages/*/test/{broker,differential,browser,terminal}/**'],
          // No test waits so long; on a machine with much else to do some take their time.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'broker',
          isolate: isEachFileLoadedAnew,
          include: ['packages/*/test/{broker,differential}/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
          // It is about what needs no RabbitMQ.
          exclude: ['apps/ledger/**', ...mocking],
          globalSetup: ['packages/testkit/src/vitest/broker-setup.ts'],
          env: someCuts,
          // Some tests start a node of RabbitMQ, and a machine may have much else to do.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'mocking',
          // A module that is replaced is so for each file that is loaded into the same process.
          include: mocking,
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'programs',
          // They need programs of the system, which they install by apt: Chromium, tmux.
          include: ['packages/*/test/{browser,terminal}/**/*.test.ts'],
          globalSetup: ['packages/testkit/src/vitest/broker-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'embedded',
          isolate: isEachFileLoadedAnew,
          // The same tests on the embedded broker.
          include: ['packages/client/test/broker/**/*.test.ts', 'packages/testing/test/broker/**/*.test.ts'],
          // They need what only RabbitMQ has: TLS, client certificates, OAuth and other plugins; streams; settings of its own;
          // a process that can be killed and started again.
          exclude: ['packages/client/test/broker/{denied,logins,streams,tuning,recovery-*}.test.ts'],
          globalSetup: ['packages/testing/test/vitest/embedded-setup.ts'],
          setupFiles: ['packages/testing/test/vitest/embedded-testkit.ts'],
          env: { ...someCuts, PUKA_IGNORED_PUBLISHES: '20000' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
export default config;
