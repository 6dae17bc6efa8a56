// Tries every case on the runtime it runs on, and prints what came of each: a line of JSON for all. The places come as
// JSON in PUKA_PLACES. It must not judge: that is the test's, which has started it.
import { loginCases } from './cases.ts';
import type { Places } from './places.ts';

const places: Places = JSON.parse(process.env.PUKA_PLACES ?? '');

const results = await Promise.all(
  loginCases.map(async ({ name, run }) => {
    try {
      await run(places);
      return { name, outcome: 'logged in', text: '' };
    } catch (error) {
      if (!(error instanceof Error)) return { name, outcome: typeof error, text: String(error) };
      return { name, outcome: error.name, text: error.message };
    }
  }),
);
console.log(JSON.stringify(results));
process.exit(0);
