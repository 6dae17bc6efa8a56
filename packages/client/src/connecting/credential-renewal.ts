/**
 * Renews the credentials of an open connection before they expire. Time is an argument.
 * Must not arm a timer (its caller does, by its deadlines), nor know how a secret is sent.
 */
import type { PukaError } from '@puka/errors';
import type { HiddenCredentials } from './credentials.ts';

/** What a renewal asks of the connection it is for. */
export interface RenewalHost {
  /** Fetches credentials. */
  ask(): Promise<HiddenCredentials>;
  /** Sends the new secret; `done` gets the error that came instead of an answer. @returns `false` when the connection is gone. */
  send(secret: string, done: (error: PukaError | undefined) => void): boolean;
  /** The time, in milliseconds. */
  now(): number;
  /** Calls once, at that time. @returns undoes it. */
  schedule(atMs: number, call: () => void): () => void;
  /** Called with a failure; the renewal tries again while the old credentials are valid. */
  failed(error: unknown): void;
}

/** Part of the lifetime after which to ask again: that leaves time for several tries. */
const renewAfter = 0.8;
/** Between two tries, in milliseconds, however short the lifetime. */
const leastWaitMs = 1000;

/** Renews the credentials of one open connection. */
export class CredentialRenewal {
  private readonly host: RenewalHost;
  private expiresMs = Number.POSITIVE_INFINITY;
  private isOver = false;
  private unschedule: () => void = () => {};

  constructor(host: RenewalHost) {
    this.host = host;
  }

  /** Plans the next renewal. @param lifetimeMs how long the credentials are valid. @param givenMs when they were given. */
  plan(lifetimeMs: number, givenMs: number): void {
    this.expiresMs = givenMs + lifetimeMs;
    if (this.expiresMs === Number.POSITIVE_INFINITY) return;
    this.renewAt(givenMs + Math.max(leastWaitMs, lifetimeMs * renewAfter));
  }

  /** The connection is gone: nothing is called, sent or reported any more. */
  stop(): void {
    this.isOver = true;
    this.unschedule();
  }

  private renewAt(atMs: number): void {
    this.unschedule = this.host.schedule(atMs, () => {
      this.renew().catch((error: unknown) => this.tryAgain(error));
    });
  }

  private async renew(): Promise<void> {
    const credentials = await this.host.ask();
    if (this.isOver) return;
    const givenMs = this.host.now();
    const isSent = this.host.send(credentials.reveal(), (error) => {
      // A refusal has closed the connection, which reports it by itself.
      if (error === undefined && !this.isOver) this.plan(credentials.lifetimeMs, givenMs);
    });
    if (!isSent) this.stop();
  }

  private tryAgain(error: unknown): void {
    if (this.isOver) return;
    this.host.failed(error);
    const nowMs = this.host.now();
    const leftMs = this.expiresMs - nowMs;
    // Past the end the broker decides; it closes the connection, and the next one asks anew.
    if (leftMs > 0) this.renewAt(nowMs + Math.max(leastWaitMs, leftMs / 2));
  }
}
