/** What `npm start` runs: a file (default the README), line by line, through a real RabbitMQ and back. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBroker } from '@puka/testkit';
import { hello } from './hello.ts';
import { Screen } from './picture.ts';

// npm and pnpm change the folder; INIT_CWD is where the user stands.
const from = process.env['INIT_CWD'] ?? process.cwd();
const given = process.argv[2];
const file = given === undefined ? fileURLToPath(new URL('../../../README.md', import.meta.url)) : resolve(from, given);
const lines = (await readFile(file, 'utf8')).split('\n');

const broker = await ensureBroker({ onProgress: (text) => console.log(text) });
try {
  console.log(`\n${lines.length} lines of ${file}\n`);
  const screen = new Screen((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const result = await hello(broker.url, lines, (progress) => screen.show(progress));
  const rate = Math.round(result.received / result.seconds);
  console.log(
    `\nsent ${result.sent}, confirmed ${result.confirmed}, received ${result.received} (${result.bytes} bytes)`,
  );
  console.log(`${result.seconds.toFixed(3)} s, ${rate} messages a second`);
  console.log(`checksum sent     ${result.sentChecksum}`);
  console.log(`checksum received ${result.receivedChecksum}`);
  const isWhole = result.sentChecksum === result.receivedChecksum;
  console.log(isWhole ? 'they match' : 'THEY DIFFER');
  if (!isWhole) process.exitCode = 1;
} finally {
  await broker.stop();
}
