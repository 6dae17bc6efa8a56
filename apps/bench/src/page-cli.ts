/** Draws docs/performance.md and its charts again from the results that are kept: `node dist/page-cli.js`. */
import { makePage } from './page/page.ts';
import { writePage } from './page-files.ts';
import { readResults } from './result-files.ts';

await writePage(makePage(await readResults()));
