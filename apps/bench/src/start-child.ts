/** One start in a process of its own: arguments are the client, the broker's URL and a queue; prints `Figures` as JSON. */
import { programs } from './first-message/programs.ts';
import type { Figures } from './job.ts';

const [, , name, url = '', queue = ''] = process.argv;
const importing = process.cpuUsage();
const importingAt = performance.now();
const { publishOne } = await programs[name as keyof typeof programs](); // `contestants.ts` starts it.
const close = await publishOne(url, queue);
// Since the process began, both of them.
const confirmedAt = performance.now();
const { user, system } = process.cpuUsage();
const figures: Figures = {
  seconds: confirmedAt / 1000,
  cpuMicroseconds: user + system,
  rssBytes: process.memoryUsage.rss(),
  fromImport: {
    seconds: (confirmedAt - importingAt) / 1000,
    cpuMicroseconds: user + system - importing.user - importing.system,
  },
};
await close();
// As in `child.ts`.
process.stdout.write(JSON.stringify(figures), () => process.kill(process.pid, 'SIGKILL'));
