/**
 * Runs callbacks as tasks of the event loop if there is no `setImmediate`. Browsers delay nested timers, and throttle those of
 * a page in the background to one a second or less; they do neither with messages.
 */
import { Queue } from './queue.ts';

declare const MessageChannel:
  | (new () => {
      readonly port1: { onmessage: (() => void) | null };
      readonly port2: { postMessage(message: unknown): void };
    })
  | undefined;
declare function setTimeout(callback: () => void, ms: number): unknown;

/** One task for each callback, in order. */
export class MessageTasks {
  readonly #waiting = new Queue<() => void>();
  #post: (() => void) | undefined;

  /** Calls soon, never inside this call, and after what the current task has still to do. */
  run(callback: () => void): void {
    this.#waiting.push(callback);
    this.#post ??= this.#open();
    this.#post();
  }

  #open(): () => void {
    const next = (): void => this.#waiting.shift()?.();
    if (typeof MessageChannel === 'undefined') return () => void setTimeout(next, 0);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = next;
    return () => port2.postMessage(0);
  }
}
