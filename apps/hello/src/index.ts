/** What `npm start` runs: a file (default the README), line by line, through a broker and back. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPukaError } from '@puka/errors';
import { chooseBroker, oneLine } from './choose-broker.ts';
import { CannotStart, type Choice, readCommandLine, usage } from './command-line.ts';
import { hello, type Result } from './hello.ts';
import { readLines } from './read-lines.ts';
import { Screen } from './screen.ts';

const readme = fileURLToPath(new URL('../../../README.md', import.meta.url));

/** @returns the exit code. */
async function main(): Promise<number> {
  const choice = readCommandLine(process.argv.slice(2));
  if (choice.wantsHelp) {
    process.stdout.write(usage);
    return 0;
  }
  // npm and pnpm change the folder; INIT_CWD is the user's.
  const from = process.env['INIT_CWD'] ?? process.cwd();
  const file = choice.file === undefined ? readme : resolve(from, choice.file);
  return await sendFile(file, choice);
}

async function sendFile(file: string, { wantsRabbitmq }: Choice): Promise<number> {
  const lines = await readLines(file);
  const url = process.env['AMQP_URL'] ?? '';
  await using broker = await chooseBroker({ url, wantsRabbitmq, onProgress: (text) => console.error(text) });
  console.log(`\n${lines.length} lines of ${file}\nthrough ${broker.description}\n`);
  const screen = new Screen(process.stdout, { total: lines.length, sent: 0, confirmed: 0, received: 0 });
  const stopOnSignal = (signal: NodeJS.Signals): void => {
    screen.stop();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', stopOnSignal).once('SIGTERM', stopOnSignal);
  let isUnderWay = false;
  try {
    const result = await hello(broker.url, lines, {
      progress: (progress) => {
        isUnderWay = true;
        screen.show(progress);
      },
      say: (text) => screen.say(text),
      cut: (clients) => {
        screen.say('half of the lines are here: both connections are cut now');
        broker.cut(clients);
      },
    });
    screen.stop();
    return report(result);
  } catch (error) {
    screen.stop();
    // A login that the broker refuses, for one: nothing was sent yet.
    if (isPukaError(error) && !isUnderWay) throw new CannotStart(oneLine(error.message), { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', stopOnSignal).off('SIGTERM', stopOnSignal);
  }
}

function report(result: Result): number {
  const rate = Math.round(result.received / result.seconds);
  const { sent, confirmed, received, duplicates } = result;
  console.log(
    `\nsent ${sent}, confirmed ${confirmed}, received ${received}; ${duplicates} came twice and were dropped`,
  );
  console.log(`${result.bytes} bytes in ${result.seconds.toFixed(3)} s, ${rate} messages a second`);
  console.log(`checksum sent     ${result.sentChecksum}`);
  console.log(`checksum received ${result.receivedChecksum}`);
  const isWhole = result.sentChecksum === result.receivedChecksum;
  console.log(isWhole ? 'they match' : 'THEY DIFFER');
  return isWhole ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof CannotStart || isPukaError(error);
  console.error(isExpected ? `hello: ${oneLine(error.message)}` : error);
  process.exitCode = error instanceof CannotStart ? 2 : 1;
}
