/** The command `pnpm --filter @puka/testing run differential -- --programs 3000 --seed 1`. Must not hold a comparison. */
import { parseArgs } from 'node:util';
import { startBroker } from '@puka/testing';
import { ensureBroker } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import fc from 'fast-check';
import { programText } from './compare.ts';
import { Duel } from './duel.ts';
import { programs } from './programs.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '25' },
    /** How many differences are looked for before the run ends. */
    most: { type: 'string', default: '10' },
  },
});

async function main(): Promise<void> {
  const rabbit = await ensureBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const broker = await startBroker();
  const duel = new Duel(
    { connector: nodeConnector, port: rabbit.port },
    { connector: nodeConnector, port: broker.port },
  );
  const total = Number(values.programs);
  const perBatch = 20;
  let differences = 0;
  for (let from = 0; from < total && differences < Number(values.most); from += perBatch) {
    const seed = Number(values.seed) + from;
    const property = fc.asyncProperty(
      programs(Number(values.steps)),
      async (program) => (await duel.fight(program)) === undefined,
    );
    const result = await fc.check(property, {
      seed,
      numRuns: Math.min(perBatch, total - from),
      endOnFailure: false,
      interruptAfterTimeLimit: 60_000,
    });
    const [program] = result.counterexample ?? [];
    if (program !== undefined) {
      differences++;
      const found = await duel.fight(program);
      process.stdout.write(`\n=== difference ${differences}, seed ${seed}, ${result.numShrinks} shrinks\n`);
      process.stdout.write(
        `${programText(program, found?.step ?? program.length)}\n--- RabbitMQ\n${found?.real}\n--- embedded\n${found?.embedded}\n`,
      );
    } else if (result.failed) {
      process.stdout.write(`\n=== seed ${seed}: ${String(result.errorInstance)}\n`);
      differences++;
    }
    process.stderr.write(`${duel.programs} programs\n`);
  }
  process.stdout.write(
    `${duel.programs} programs, ${duel.operations} operations, ${duel.races} ended by a race, ${differences} differences\n`,
  );
  await broker.stop();
  await rabbit.stop();
  process.exitCode = differences === 0 ? 0 : 1;
}

await main();
