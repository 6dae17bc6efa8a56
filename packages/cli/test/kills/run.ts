// Kills `puka move` and `puka restore` a hundred times each, on the RabbitMQ of AMQP_URL or one of its own; exit code 1 when
// a message is lost. The first argument is the number of kills.
import { ensureBroker } from '@puka/testkit';
import { killMoves, killRestores } from './killed-runs.ts';

const kills = Number(process.argv[2] ?? 100);
const broker = await ensureBroker({ onProgress: console.error });
try {
  for (const [name, run] of Object.entries({ move: killMoves, restore: killRestores })) {
    const result = await run({ url: broker.url, kills, messages: 200 * kills, random: Math.random });
    console.log(name, JSON.stringify(result));
    if (result.lost > 0 || result.doubles > result.maxDoubles) process.exitCode = 1;
  }
} finally {
  await broker.stop();
}
