/** The command `pnpm --filter @puka/testing run differential --programs 3000 --seed 1`. Must not hold a comparison. */
import { parseArgs } from 'node:util';
import { launchBroker } from '@puka/testkit';
import { Campaign } from './campaign.ts';
import { embeddedStages, realStages } from './stages.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '25' },
    lanes: { type: 'string', default: '6' },
    /** How many differences are looked for before the run ends. */
    most: { type: 'string', default: '10' },
  },
});

async function main(): Promise<void> {
  const rabbit = await launchBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const lanes = Number(values.lanes);
  const embedded = await embeddedStages(lanes);
  const campaign = new Campaign(await realStages(rabbit, lanes), embedded.stages, {
    ...{ programs: Number(values.programs), seed: Number(values.seed), steps: Number(values.steps) },
    ...{ mostDifferences: Number(values.most), shrinkMs: 60_000 },
    onDifference: (text) => process.stdout.write(`\n=== ${text}\n`),
    onProgress: ({ programs }) => process.stderr.write(`${programs} programs\n`),
  });
  await campaign.fight();
  const { programs, operations, races } = campaign.tally;
  const { length } = campaign.differences;
  process.stdout.write(
    `${programs} programs, ${operations} operations, ${races} ended by a race, ${length} differences\n`,
  );
  await embedded.stop();
  await rabbit.stop();
  process.exitCode = length === 0 ? 0 : 1;
}

await main();
