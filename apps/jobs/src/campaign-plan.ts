/** The plan of a campaign, and its report. Types only. */

/** What is done to whom. */
export interface CampaignPlan {
  readonly url: string;
  readonly jobs: number;
  readonly keys: number;
  readonly workers: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly queueType: 'classic' | 'quorum';
  /** One worker consumes, the others wait: the order of a key then holds over all of them. Default `false`. */
  readonly singleActive?: boolean | undefined;
  /** So many jobs are begun between two faults: what is broken too often gets nowhere. */
  readonly begunBetween: number;
  /** Restarts the broker, now and then, where it may be. */
  readonly restart?: (() => Promise<void>) | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What became of the jobs. */
export interface CampaignResult {
  readonly done: number;
  readonly dead: number;
  /** Neither done nor among the dead letters. */
  readonly lost: readonly number[];
  /** Done though they should be dead letters. */
  readonly wronglyDone: readonly number[];
  /** Dead letters that would have been done but for the faults: they used up their attempts. */
  readonly usedUp: readonly number[];
  /** Begun with an attempt beyond the limit. */
  readonly overAttempts: readonly number[];
  /** Times a job was done once more. */
  readonly duplicates: number;
  /** Dead letters that are there twice. */
  readonly deadDuplicates: number;
  /** How often a job was begun. */
  readonly begun: number;
  /** Times two jobs of one key ran at once in one worker. */
  readonly overlaps: number;
  /** Jobs that were begun for the first time after the next one of their key. */
  readonly outOfOrder: readonly number[];
  readonly kills: number;
  readonly cuts: number;
  readonly restarts: number;
}
