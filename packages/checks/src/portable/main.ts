/**
 * Ends a bundle of tests: runs what the files before it declared, and ends the process with 0 or 1.
 * It must not declare tests. What the tests may `inject` comes as JSON in PUKA_PROVIDED.
 */
import { runCollected } from './run.ts';
import { settings } from './settings.ts';

const provided: unknown = JSON.parse(process.env.PUKA_PROVIDED ?? '{}');
for (const [name, value] of Object.entries(Object(provided))) settings.provided.set(name, value);

const { passed, failed } = await runCollected((line) => console.log(line), process.env.PUKA_TEST_FILTER);
// Zero tests is a failure: the bundle is not what it is meant to be.
process.exit(failed > 0 || passed === 0 ? 1 : 0);
