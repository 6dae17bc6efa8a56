/**
 * The campaign at full size, against a RabbitMQ of its own that is restarted too: 10,000 jobs of 1,000 keys on each type of
 * queue, and once more in order over all workers. `node dist/campaign-cli.js [JOBS] [classic|quorum|ordered]`. Prints counts; exit
 * code 1 where a job is lost, begun too often, or beside another of its key.
 */
import { launchBroker } from '@puka/testkit';
import { runCampaign } from './campaign.ts';
import type { CampaignResult } from './campaign-plan.ts';

const kinds = {
  classic: { queueType: 'classic', singleActive: false },
  quorum: { queueType: 'quorum', singleActive: false },
  ordered: { queueType: 'quorum', singleActive: true },
} as const;

const [, , jobs = '10000', ...named] = process.argv;
const broker = await launchBroker({ onProgress: (text) => console.log(text) });
try {
  for (const kind of named.length > 0 ? named : Object.keys(kinds)) {
    if (!isKind(kind)) throw new Error(`there is no kind ${kind}; there are ${Object.keys(kinds).join(', ')}`);
    const result = await runCampaign({
      ...{ url: broker.url, jobs: Number(jobs), keys: Number(jobs) / 10, workers: 4, concurrency: 16, attempts: 8 },
      ...kinds[kind],
      begunBetween: 400,
      restart: () => broker.restart(),
      onProgress: (text) => console.log(text),
    });
    console.log(`${kind}:`, result);
    if (isBad(result) || (kind === 'ordered' && result.outOfOrder.length > 0)) process.exitCode = 1;
  }
} finally {
  await broker.stop();
}

function isKind(kind: string): kind is keyof typeof kinds {
  return kind in kinds;
}

function isBad({ lost, wronglyDone, overAttempts, overlaps }: CampaignResult): boolean {
  return lost.length + wronglyDone.length + overAttempts.length + overlaps > 0;
}
