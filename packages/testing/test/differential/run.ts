/** The command `pnpm --filter @puka/testing run differential --programs 3000 --seed 1`. Must not hold a comparison. */
import { parseArgs } from 'node:util';
import { launchBroker } from '@puka/testkit';
import { Campaign } from './campaign.ts';
import { anything, programs } from './programs.ts';
import { queueLife } from './queue-life.ts';
import { embeddedStages, realStages } from './stages.ts';

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    programs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '25' },
    lanes: { type: 'string', default: '6' },
    kind: { type: 'string', default: 'both' },
    /** After so many minutes the programs under way are the last. */
    minutes: { type: 'string', default: '1440' },
    /** How many differences are looked for before the run ends. */
    most: { type: 'string', default: '10' },
  },
});

const kinds = new Map([
  ['both', programs],
  ['anything', anything],
  ['queue', queueLife],
]);

async function main(): Promise<void> {
  const rabbit = await launchBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const lanes = Number(values.lanes);
  const embedded = await embeddedStages(lanes);
  const campaign = new Campaign(await realStages(rabbit, lanes), embedded.stages, {
    ...{ programs: Number(values.programs), seed: Number(values.seed), steps: Number(values.steps) },
    ...{ mostDifferences: Number(values.most), shrinkMs: 60_000 },
    onDifference: (text) => process.stdout.write(`\n=== ${text}\n`),
    ...{ make: kinds.get(values.kind) ?? programs },
    onVarying: (text) => process.stdout.write(`\n~~~ RabbitMQ does it now so, now so: ${text}\n`),
    onProgress: () => process.stderr.write(`${campaign.totals}\n`),
  });
  const limit = setTimeout(() => campaign.end(), Number(values.minutes) * 60_000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // The broker may have had the signal too, so that nothing more comes of what is under way.
      process.stdout.write(`${campaign.totals} (interrupted)\n`);
      void rabbit.stop().finally(() => process.exit(1));
    });
  }
  await campaign.fight();
  clearTimeout(limit);
  process.stdout.write(`${campaign.totals}\n`);
  await embedded.stop();
  await rabbit.stop();
  process.exitCode = campaign.differences.length === 0 ? 0 : 1;
}

await main();
