/** What `npm start` runs: a file (default the README), line by line, through a broker and back. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBroker, readChoice } from './choose-broker.ts';
import { hello } from './hello.ts';
import { Screen } from './picture.ts';

// npm and pnpm change the folder; INIT_CWD is where the user stands.
const from = process.env['INIT_CWD'] ?? process.cwd();
const choice = readChoice(process.argv.slice(2));
const readme = fileURLToPath(new URL('../../../README.md', import.meta.url));
const file = choice.file === undefined ? readme : resolve(from, choice.file);
const lines = (await readFile(file, 'utf8')).split('\n');

const broker = await chooseBroker(choice, process.env['AMQP_URL'] ?? '', (text) => console.log(text));
try {
  console.log(`\n${lines.length} lines of ${file}\nthrough ${broker.description}\n`);
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
  await broker[Symbol.asyncDispose]();
}
