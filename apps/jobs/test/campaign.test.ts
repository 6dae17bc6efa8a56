import { expect, inject, it } from 'vitest';
import { runCampaign } from '../src/campaign.ts';

it.each(['classic', 'quorum'] as const)(
  'each job of a %s queue is done or among the dead letters, though workers are killed and lines are cut',
  async (queueType) => {
    const result = await runCampaign({
      ...{ url: inject('amqpUrl'), jobs: 300, keys: 50, workers: 2, concurrency: 8, attempts: 8, queueType },
      begunBetween: 60,
    });
    expect(result).toMatchObject({ lost: [], wronglyDone: [], overAttempts: [], overlaps: 0 });
    expect(result.done + result.dead).toBeGreaterThanOrEqual(300);
    expect(result.kills + result.cuts).toBeGreaterThan(0);
  },
);
