/** Publishes with so many unconfirmed at most, and knows how many are confirmed. Must not read input. */
import type { Client, PublishOptions } from '@puka/client';

/** A publish that failed. */
export interface FailedPublish {
  /** What `publish` was given for it. */
  readonly label: string;
  readonly error: unknown;
}

/** Names the message that was not published; its cause is the reason, and has the exit code. */
export class MessageFailed extends Error {
  constructor({ label, error }: FailedPublish) {
    super(`${label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    this.name = 'MessageFailed';
  }
}

/** Publishes in the order of the calls. */
export class PublishWindow {
  readonly #client: Client;
  readonly #size: number;
  readonly #onConfirmed: () => void;
  readonly #open = new Set<Promise<void>>();
  /** Confirmed, before one that is not. */
  readonly #ahead = new Set<number>();
  #started = 0;
  #confirmed = 0;
  #confirmedInOrder = 0;
  #failure: FailedPublish | undefined;

  /** @param onConfirmed called after each confirm. */
  constructor(client: Client, size: number, onConfirmed: () => void = () => undefined) {
    this.#client = client;
    this.#size = size;
    this.#onConfirmed = onConfirmed;
  }

  /** What the broker has confirmed. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** How many are confirmed before the first that is not: what need not be sent again. */
  get confirmedInOrder(): number {
    return this.#confirmedInOrder;
  }

  /** The first failure; with one nothing more should be published. */
  get failure(): FailedPublish | undefined {
    return this.#failure;
  }

  /** Waits for room, and publishes. Settles when the message is on its way. @param label names the message in a failure. */
  async publish(options: PublishOptions, label: string): Promise<void> {
    while (this.#open.size >= this.#size || this.#client.needsDrain) await Promise.race(this.#open);
    if (this.#failure !== undefined) return;
    const index = this.#started++;
    const running = this.#run(index, options, label).finally(() => this.#open.delete(running));
    this.#open.add(running);
  }

  /** Waits until one more has an outcome; not at all if none is open. */
  async settleOne(): Promise<void> {
    if (this.#open.size > 0) await Promise.race(this.#open);
  }

  /** Waits until each has an outcome. */
  async drain(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #run(index: number, options: PublishOptions, label: string): Promise<void> {
    try {
      await this.#client.basicPublish(options);
    } catch (error) {
      this.#failure ??= { label, error };
      return;
    }
    this.#confirmed++;
    this.#ahead.add(index);
    while (this.#ahead.delete(this.#confirmedInOrder)) this.#confirmedInOrder++;
    this.#onConfirmed();
  }
}
