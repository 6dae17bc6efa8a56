/** Runs an example by its name: `pnpm --filter @puka/app-examples start receiveMany tasks 10`. `AMQP_URL` is the broker. */
import { programs } from './programs.ts';

const [name = '', ...args] = process.argv.slice(2);
const program = programs.get(name);
if (program === undefined) {
  console.error(`examples: ${[...programs.keys()].join(' ')}`);
  process.exitCode = 2;
} else {
  await program(process.env.AMQP_URL ?? 'amqp://localhost', console.log, args);
}
