/**
 * Ends a bundle of tests: runs what the files before it declared, and ends the process with 0 or 1.
 * It must not declare tests. PUKA_TEST_FILTER is a part of the names to run.
 */
import { runCollected } from './run.ts';

const { passed, failed } = await runCollected((line) => console.log(line), process.env.PUKA_TEST_FILTER);
// Zero tests is a failure: the bundle is not what it is meant to be.
process.exit(failed > 0 || passed === 0 ? 1 : 0);
