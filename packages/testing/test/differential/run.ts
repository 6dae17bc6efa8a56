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

/** How long the programs under way may take to their end once the run has been broken off. */
const breakOffMs = 30_000;

async function main(): Promise<void> {
  const rabbit = await launchBroker({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const lanes = Number(values.lanes);
  const embedded = await embeddedStages(lanes);
  const tell = (mark: string, text: string): void => void process.stdout.write(`\n${mark} ${text}\n`);
  const campaign = new Campaign(await realStages(rabbit, lanes), embedded.stages, {
    ...{ programs: Number(values.programs), seed: Number(values.seed), steps: Number(values.steps) },
    ...{ mostDifferences: Number(values.most), shrinkMs: 60_000 },
    onDifference: (text) => tell('===', text),
    ...{ make: kinds.get(values.kind) ?? programs },
    onVarying: (text) => tell('~~~ RabbitMQ does it now so, now so:', text),
    onUnfinished: (text) => tell('???', text),
    onProgress: () => process.stderr.write(`${campaign.totals}\n`),
  });
  const limit = setTimeout(() => campaign.end(), Number(values.minutes) * 60_000);
  try {
    await Promise.race([campaign.fight(), interrupted(campaign)]);
  } finally {
    clearTimeout(limit);
    process.stdout.write(`${campaign.totals}${campaign.isBrokenOff ? ' (interrupted)' : ''}\n`);
    await embedded.stop();
    await rabbit.stop();
  }
  process.exitCode = campaign.differences.length > 0 || campaign.isBrokenOff ? 1 : 0;
}

/** Breaks a campaign off when the process is told to end. @returns what resolves where it takes too long to its end. */
function interrupted(campaign: Campaign): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // It may come twice, from the terminal and from the package manager.
      process.on(signal, () => {
        campaign.breakOff();
        setTimeout(resolve, breakOffMs).unref();
      });
    }
  });
}

await main();
