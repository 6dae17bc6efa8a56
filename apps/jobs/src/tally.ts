/** Counts what the workers of a campaign report, and what became of each job. Must not decide what is good. */
import type { CampaignPlan, CampaignResult } from './campaign-plan.ts';
import { fateOf } from './run-jobs.ts';

/** Jobs of one key follow each other in the queue, so that a worker holds many of a key at once. */
export function keyOf(job: number, { jobs, keys }: Pick<CampaignPlan, 'jobs' | 'keys'>): number {
  return Math.floor((job * keys) / jobs);
}

/** What the workers have reported. */
export class Tally {
  begun = 0;
  /** In their order, twice where they are there twice. */
  readonly dead: number[] = [];
  private readonly done = new Map<number, number>();
  /** When each was begun first, in microseconds. */
  private readonly firstBegun = new Map<number, number>();
  private overlaps = 0;
  private readonly plan: CampaignPlan;
  private readonly overAttempts = new Set<number>();

  constructor(plan: CampaignPlan) {
    this.plan = plan;
  }

  /** @param running the job of each key, as its worker has it. */
  take(line: string, running: Map<number, number>): void {
    const [word = '', ...numbers] = line.split(' ');
    const [job = Number.NaN, attempt = Number.NaN, at = Number.NaN] = numbers.map(Number);
    const key = keyOf(job, this.plan);
    if (word === 'begun') {
      this.begun++;
      if (attempt > this.plan.attempts) this.overAttempts.add(job);
      if (running.has(key)) this.overlaps++;
      running.set(key, job);
      this.firstBegun.set(job, Math.min(at, this.firstBegun.get(job) ?? at));
    } else {
      if (running.get(key) !== job) this.overlaps++;
      running.delete(key);
      if (word === 'done') this.done.set(job, (this.done.get(job) ?? 0) + 1);
    }
  }

  /** Jobs that were done. */
  get doneCount(): number {
    return this.done.size;
  }

  /** Jobs that are done or among the dead letters that were collected. */
  get covered(): number {
    return new Set([...this.done.keys(), ...this.dead]).size;
  }

  result(): Omit<CampaignResult, 'kills' | 'cuts' | 'restarts'> {
    const { dead } = this;
    const buried = new Set(dead);
    const isHopeless = (job: number): boolean => ['hopeless', 'unwanted'].includes(fateOf(job));
    const all = Array.from({ length: this.plan.jobs }, (_, job) => job);
    let duplicates = 0;
    for (const times of this.done.values()) duplicates += times - 1;
    return {
      done: this.done.size,
      dead: buried.size,
      begun: this.begun,
      lost: all.filter((job) => !this.done.has(job) && !buried.has(job)),
      wronglyDone: all.filter((job) => isHopeless(job) && this.done.has(job)),
      usedUp: [...buried].filter((job) => !isHopeless(job) && !this.done.has(job)),
      overAttempts: [...this.overAttempts],
      duplicates,
      deadDuplicates: dead.length - buried.size,
      overlaps: this.overlaps,
      outOfOrder: all.filter((job) => this.isOvertaken(job)),
    };
  }

  /** Whether the next job of its key was begun before it was. */
  private isOvertaken(job: number): boolean {
    const next = job + 1;
    if (next >= this.plan.jobs || keyOf(job, this.plan) !== keyOf(next, this.plan)) return false;
    const [first = Number.POSITIVE_INFINITY, second = Number.POSITIVE_INFINITY] = [job, next].map((each) =>
      this.firstBegun.get(each),
    );
    return first > second;
  }
}
