/**
 * Begins a bundle of tests: reads what it is started with, before the files of tests are evaluated. It must not declare tests.
 * What they may `inject` comes as JSON in PUKA_PROVIDED.
 */
import { settings } from './settings.ts';

const provided: unknown = JSON.parse(process.env.PUKA_PROVIDED ?? '{}');
for (const [name, value] of Object.entries(Object(provided))) settings.provided.set(name, value);
