/**
 * The campaign at full size, against a RabbitMQ of its own that is restarted too: 10,000 jobs of 1,000 keys on each type of
 * queue. `node dist/campaign-cli.js [JOBS] [classic|quorum]`. Prints counts; exit code 1 where a job is lost or begun too often.
 */
import { launchBroker } from '@puka/testkit';
import { type CampaignResult, runCampaign } from './campaign.ts';

const [, , jobs = '10000', ...types] = process.argv;
const broker = await launchBroker({ onProgress: (text) => console.log(text) });
try {
  for (const queueType of types.length > 0 ? types : ['classic', 'quorum']) {
    if (queueType !== 'classic' && queueType !== 'quorum') throw new Error(`there is no queue type ${queueType}`);
    const result = await runCampaign({
      ...{ url: broker.url, jobs: Number(jobs), keys: 1000, workers: 4, concurrency: 16, attempts: 8, queueType },
      begunBetween: 400,
      restart: () => broker.restart(),
      onProgress: (text) => console.log(text),
    });
    console.log(`${queueType}:`, result);
    if (isBad(result)) process.exitCode = 1;
  }
} finally {
  await broker.stop();
}

function isBad({ lost, wronglyDone, overAttempts, overlaps }: CampaignResult): boolean {
  return lost.length + wronglyDone.length + overAttempts.length + overlaps > 0;
}
