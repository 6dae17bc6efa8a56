/**
 * Queues and bindings that could not be restored and are tried again: since when, how long until the next try, and until when.
 * They outlive a connection. Must not send anything, nor wait by itself.
 */
import type { PukaError } from '@puka/errors';
import { LazyMap } from '../runtime/lazy-collections.ts';
import type { RecordedBinding, RecordedQueue } from '../topology/recorded-entity.ts';
import { type Refusal, retryDelayMs } from '../topology/refusals.ts';
import type { RetryBounds } from './recover-options.ts';
import type { RetriedEntity } from './snapshot.ts';

/** What is tried again: a queue by its name, with all that leads to it, or one binding. */
export type RetryKey = string | RecordedBinding;

interface Retry {
  readonly entity: RecordedQueue | RecordedBinding;
  readonly error: PukaError;
  readonly sinceMs: number;
  readonly delayMs: number;
}

/** The retries of one client. */
export class Retries {
  private readonly options: RetryBounds;
  private readonly retries = new LazyMap<RetryKey, Retry>();

  constructor(options: RetryBounds) {
    this.options = options;
  }

  get size(): number {
    return this.retries.size;
  }

  has(key: RetryKey): boolean {
    return this.retries.has(key);
  }

  /** A copy: entries may be added and deleted meanwhile. */
  keys(): RetryKey[] {
    return [...this.retries.keys()];
  }

  /** How long until the next try; `undefined` if there is none. */
  delayMs(key: RetryKey): number | undefined {
    return this.retries.get(key)?.delayMs;
  }

  /**
   * An entity was refused.
   *
   * @param exclusiveForMs how long what is locked is tried again.
   * @returns `first` and `again`: another try follows. `over`: it has been tried for long enough, and is forgotten.
   */
  refused(
    entity: RecordedQueue | RecordedBinding,
    error: PukaError,
    refusal: Refusal,
    nowMs: number,
    exclusiveForMs: number,
  ): 'first' | 'again' | 'over' {
    const { options, retries } = this;
    const key = keyOf(entity);
    const known = retries.get(key);
    const sinceMs = known?.sinceMs ?? nowMs;
    if (nowMs - sinceMs >= (refusal === 'locked' ? exclusiveForMs : options.retryFor)) {
      retries.delete(key);
      return 'over';
    }
    retries.set(key, { entity, error, sinceMs, delayMs: retryDelayMs(refusal, known?.delayMs, options) });
    return known === undefined ? 'first' : 'again';
  }

  /** It is restored, or not wanted any more. */
  delete(key: RetryKey): void {
    this.retries.delete(key);
  }

  clear(): void {
    this.retries.clear();
  }

  /** All of them, for reports. */
  list(nowMs: number): RetriedEntity[] {
    return [...this.retries.values()].map(({ entity, error, sinceMs }) => ({
      entity,
      error,
      sinceMs: nowMs - sinceMs,
    }));
  }
}

/** The key under which an entity is tried again. */
export function keyOf(entity: RecordedQueue | RecordedBinding): RetryKey {
  return entity.kind === 'queue' ? entity.queue : entity;
}
