/**
 * Calls the listeners of one client. What a listener throws is reported and changes nothing else. Must not decide what
 * the events hold: its callers do.
 */

import type { ByteTap } from '../connection/driver.ts';
import { Message } from '../consuming/message.ts';
import type { UntypedErrorFirst } from '../operations/error-first.ts';
import { Operation } from '../operations/operation.ts';
import { reportRejection } from '../operations/returned-promise.ts';
import type { PublishOptions } from '../publishing/options.ts';
import { withProperties } from '../publishing/publish-input.ts';
import { isThenable } from '../runtime/thenable.ts';
import type { PublishInput } from '../session/index.ts';
import type { DeliveryData, Diagnostics, ObservedClient, ProcessData, RequestData } from './diagnostics.ts';
import { ObservedSettlement } from './observed-settlement.ts';
import { PublishObservation } from './publish-observation.ts';

type Hook = keyof Diagnostics;
type ValuesOf<Name extends Hook> = Parameters<Required<Diagnostics>[Name]>;
type StartHook = Extract<Hook, `${string}Started`> | 'delivered';
type EndHook = Extract<Hook, `${string}Ended`> | 'settled';
type PlainHook = Exclude<Hook, StartHook | EndHook | 'runProcess'>;
type WithoutSlot<Values> = Values extends readonly [unknown, ...infer Rest] ? Rest : never;

/** What the listeners returned at the start, in their order. */
export type Slots = readonly unknown[];

/** Work on messages that has not ended. */
interface Process {
  readonly data: ProcessData;
  readonly slots: Slots;
}

/** The listeners of one client. */
export class Observer {
  readonly client: ObservedClient;
  private readonly listeners: readonly Diagnostics[];
  private readonly report: (error: unknown) => void;
  private readonly handedOut = new WeakSet<Message>();
  private readonly processes = new WeakMap<Message, Process>();

  /** @param report takes what a listener throws, or what its promise rejects with. */
  constructor(listeners: readonly Diagnostics[], client: ObservedClient, report: (error: unknown) => void) {
    this.listeners = listeners;
    this.client = client;
    this.report = report;
  }

  /** Whether a listener has one of these methods. */
  hears(...names: readonly Hook[]): boolean {
    return this.listeners.some((listener) => names.some((name) => listener[name] !== undefined));
  }

  /** Reports something that has no end. */
  emit<Name extends PlainHook>(name: Name, data: ValuesOf<Name>[0]): void {
    for (const listener of this.listeners) this.call(listener, name, data);
  }

  /** Reports a start. @returns what the end needs. */
  start<Name extends StartHook>(name: Name, data: ValuesOf<Name>[0]): Slots {
    return this.listeners.map((listener) => this.call(listener, name, data));
  }

  /** Reports the end of what was started. */
  end<Name extends EndHook>(name: Name, slots: Slots, ...values: WithoutSlot<ValuesOf<Name>>): void {
    const [data, outcome, result] = values;
    for (let index = 0; index < slots.length; index++) {
      const listener = this.listeners[index];
      if (listener !== undefined) this.call(listener, name, slots[index], data, outcome, result);
    }
  }

  /** Reports the bytes of a connection. */
  countBytes(): ByteTap {
    const { client } = this;
    return {
      received: ({ length }) => this.emit('bytesReceived', { client, bytes: length }),
      sent: (chunks) => this.emit('bytesSent', { client, bytes: chunks.reduce((sum, { length }) => sum + length, 0) }),
    };
  }

  /** A request is called: follows it to its outcome. */
  request(operation: Operation<never> | Operation<unknown>, options: object, queues: readonly string[]): void {
    const data: RequestData = { client: this.client, method: operation.method, options: { ...options }, queues };
    const slots = this.start('requestStarted', data);
    operation.whenSettled(() => {
      const result = operation.state === 'fulfilled' ? operation.result : undefined;
      this.end('requestEnded', slots, data, operation.error, result);
      if (data.method === 'basic.get' && result instanceof Message) this.handOut(result, 'get');
    });
  }

  /** A publish is called: follows it to its outcome. @returns the message with the headers that listeners added. */
  publish(
    operation: Operation<void>,
    options: PublishOptions,
    input: PublishInput,
    maxTableDepth: number,
  ): PublishInput {
    const publish = new PublishObservation(this.client, options, input.body.length);
    const slots = this.start('publishStarted', publish);
    operation.whenSettled(() => this.end('publishEnded', slots, publish, operation.error));
    const changed = publish.close();
    return changed === undefined ? input : withProperties(input, changed, maxTableDepth);
  }

  /** A publish was refused at the call, whatever was given as options. */
  publishRefused(operation: Operation<void>, options: PublishOptions): void {
    const given = typeof options === 'object' && options !== null ? options : { routingKey: '' };
    const publish = new PublishObservation(this.client, given, 0);
    const slots = this.start('publishStarted', publish);
    publish.close();
    this.end('publishEnded', slots, publish, operation.error);
  }

  /**
   * Watches the callback of a consumer.
   *
   * @param isManual its call is not the work on the message: that is given to `process`.
   */
  callback(callback: UntypedErrorFirst, isManual: boolean): UntypedErrorFirst {
    return (error, message, source) => {
      if (!(message instanceof Message)) return callback(error, message, source);
      this.handOut(message, 'callback');
      if (isManual) return callback(error, message, source);
      return this.work([message], 'callback', () => callback(error, message, source));
    };
  }

  /** A loop gets a message. */
  loopTook(message: Message): void {
    this.handOut(message, 'loop');
    this.begin([message], 'loop');
  }

  /** The loop has come back, or was left. */
  loopCameBack(message: Message): void {
    const process = this.processes.get(message);
    if (process !== undefined) this.finish(process, undefined);
  }

  /** A wait gets a message. */
  waitTook(message: Message): void {
    this.handOut(message, 'wait');
  }

  /** See `Client.process`. Within a callback or a loop it is part of the work that is under way there. */
  process<Result>(messages: readonly Message[], work: () => Result): Result {
    const [first] = messages;
    if (first === undefined) return work();
    const open = this.processes.get(first);
    return open === undefined ? this.work(messages, 'process', work) : this.run(open.slots, work);
  }

  private handOut(message: Message, by: DeliveryData['by']): void {
    // A callback and a wait may get the same message.
    if (this.handedOut.has(message)) return;
    this.handedOut.add(message);
    const delivery: DeliveryData = { client: this.client, message, by };
    const slots = this.start('delivered', delivery);
    message.watchSettlement((inner) => {
      return new ObservedSettlement(inner, (settlement) => this.end('settled', slots, delivery, settlement));
    });
  }

  private work<Result>(messages: readonly Message[], by: ProcessData['by'], work: () => Result): Result {
    const process = this.begin(messages, by);
    let returned: Result;
    try {
      returned = this.run(process.slots, work);
    } catch (error) {
      this.finish(process, error);
      throw error;
    }
    if (!isThenable(returned)) {
      this.finish(process, undefined);
      return returned;
    }
    const promise = askedOnce(returned);
    promise.then(
      () => this.finish(process, undefined),
      (error: unknown) => this.finish(process, error),
    );
    return promise;
  }

  private begin(messages: readonly Message[], by: ProcessData['by']): Process {
    const data: ProcessData = { client: this.client, messages, by };
    const process = { data, slots: this.start('processStarted', data) };
    for (const message of messages) this.processes.set(message, process);
    return process;
  }

  private finish(process: Process, error: unknown): void {
    const { data, slots } = process;
    for (const message of data.messages) this.processes.delete(message);
    this.end('processEnded', slots, data, error);
  }

  /** Runs the work within all listeners, the first outermost. */
  private run<Result>(slots: Slots, work: () => Result): Result {
    let chain = work;
    for (let index = this.listeners.length - 1; index >= 0; index--) {
      const listener = this.listeners[index];
      if (listener?.runProcess === undefined) continue;
      const inner = chain;
      chain = () => this.runBy(listener, slots[index], inner);
    }
    return chain();
  }

  /** The work is done once, and its outcome is its own, whatever the listener does. */
  private runBy<Result>(listener: Diagnostics, slot: unknown, work: () => Result): Result {
    let outcome: { readonly result: Result } | { readonly error: unknown } | undefined;
    const once = (): Result => {
      if (outcome === undefined) {
        try {
          const result = work();
          outcome = { result: isThenable(result) ? askedOnce(result) : result };
        } catch (error) {
          outcome = { error };
        }
      }
      if ('error' in outcome) throw outcome.error;
      return outcome.result;
    };
    try {
      const returned = listener.runProcess?.(slot, once);
      if (isThenable(returned)) {
        // Most listeners return what the work has returned.
        const isOfWork = outcome !== undefined && 'result' in outcome && outcome.result === returned;
        if (!isOfWork) reportRejection(returned, (error) => this.reportUnlessOf(once, error));
      }
    } catch (error) {
      const isOfWork = outcome !== undefined && 'error' in outcome && outcome.error === error;
      if (!isOfWork) this.report(error);
    }
    return once();
  }

  /** An async listener that returns the work fails with it: only another error is its own. */
  private async reportUnlessOf(work: () => unknown, error: unknown): Promise<void> {
    try {
      await work();
    } catch (ofWork) {
      if (ofWork === error) return;
    }
    this.report(error);
  }

  /** Without an array of its values: it is called several times a message. */
  private call(
    listener: Diagnostics,
    name: Hook,
    first: unknown,
    second?: unknown,
    third?: unknown,
    fourth?: unknown,
  ): unknown {
    // The methods above give each name its own values.
    const method = listener[name] as ((...values: readonly unknown[]) => unknown) | undefined;
    if (method === undefined) return undefined;
    try {
      const returned = method.call(listener, first, second, third, fourth);
      reportRejection(returned, this.report);
      return returned;
    } catch (error) {
      this.report(error);
      return undefined;
    }
  }
}

/** A thenable that is no promise may do its work each time that it is asked. @returns what settles as it does. */
function askedOnce<Returned extends PromiseLike<unknown>>(returned: Returned): Returned {
  if (returned instanceof Promise || returned instanceof Operation) return returned;
  return Promise.resolve(returned) as PromiseLike<unknown> as Returned; // It settles the same way, and nothing else is called on it.
}
