/**
 * Failures that reject no operation: they go to the listeners of a client, or to a warning if there is no listener.
 * Must not know why something failed.
 */
import type { PukaError } from '@puka/errors';
import type { Consumer } from './consuming/consumer.ts';
import { Events } from './events.ts';
import type { Operation } from './operations/operation.ts';
import type { Runtime } from './runtime/runtime.ts';
import { WarningLimit } from './runtime/warning-limit.ts';
import type { RecordedEntity } from './topology/recorded-entity.ts';

/** The failures of one client, and its listeners. */
export class FailureReports {
  readonly events: Events = new Events((error) => this.warn('a listener threw', error));
  private readonly warnings: WarningLimit = new WarningLimit();
  private readonly runtime: Pick<Runtime, 'now' | 'warn'>;

  constructor(runtime: Pick<Runtime, 'now' | 'warn'>) {
    this.runtime = runtime;
  }

  /** No caller observed a failure. Without a listener it becomes a warning. */
  report(error: unknown, operation?: Operation<unknown>): void {
    if (!this.events.emit('unobserved', error, operation)) this.warn('no caller observed a failure', error);
  }

  /** An entity has not come back. Without a listener the failure is reported as unobserved. */
  notRestored(error: PukaError, entity: RecordedEntity, isRetrying: boolean): void {
    if (!this.events.emit('notRestored', error, entity, isRetrying)) this.report(error);
  }

  /** A consumer has lost its subscription while the connection is open, and subscribes again. */
  interrupted(error: PukaError, consumer: Consumer): void {
    this.events.emit('interrupted', error, consumer);
  }

  private warn(text: string, error: unknown): void {
    if (this.warnings.allows(this.runtime.now())) this.runtime.warn(`puka: ${text}:`, error);
  }
}
