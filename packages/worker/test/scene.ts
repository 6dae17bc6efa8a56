/** An embedded broker, a client on it and a worker's surroundings, gone after the test. Holds no test. */
import { Client, type ClientOptions, type QueueDeclareOptions, type Timer } from '@puka/client';
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import { VirtualClock } from '@puka/testkit';
import { onTestFinished } from 'vitest';
import type { Worker } from '../src/index.ts';
import type { WorkerRuntime } from '../src/runtime.ts';

/** A worker and its broker. */
export interface Scene {
  /** Its time does not move until it is advanced. */
  readonly broker: EmbeddedBroker;
  readonly client: Client;
  /** The clock of the workers. */
  readonly clock: VirtualClock;
  readonly runtime: WorkerRuntime;
  /** What the workers warned of. */
  readonly warnings: unknown[];
  another(options?: ClientOptions): Promise<Client>;
}

/**
 * @param queue is declared, durable, by the name `jobs` by default.
 * Clients do not recover unless they say so: what a worker does without is seen best by itself.
 */
export async function startScene(queue: QueueDeclareOptions = {}): Promise<Scene> {
  const broker = await startBroker({ listen: false, time: 'manual' });
  const clients: Client[] = [];
  const another = async (options: ClientOptions = {}): Promise<Client> => {
    const client = new Client('amqp://', { transport: broker.transport(), recover: false, ...options });
    // The end of a connection is the test's own doing.
    client.on('unobserved', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(clients.map((each) => each.close()));
    await broker.stop();
  });
  const client = await another();
  await client.queueDeclare({ queue: 'jobs', durable: true, ...queue });
  const clock = new VirtualClock();
  const warnings: unknown[] = [];
  const runtime: WorkerRuntime = {
    now: clock.now,
    wallClock: () => Date.UTC(2030, 0, 1) + clock.now(),
    startTimer: (callback, ms) => ({ stop: clock.after(ms, callback) }) as Timer,
    stopTimer: (timer) => (timer as Timer & { stop(): void }).stop(),
    warn: (_text, error) => void warnings.push(error),
  };
  return { broker, client, clock, runtime, warnings, another };
}

/** A promise and what settles it. */
export interface Gate<Value = void> {
  readonly promise: Promise<Value>;
  open(value: Value): void;
  fail(error: unknown): void;
}

/** Makes a gate. */
export function gate<Value = void>(): Gate<Value> {
  let open: (value: Value) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  promise.catch(() => undefined);
  return { promise, open, fail };
}

/** Waits for so many of an event. @returns the values of the last one. */
export function told<Name extends Parameters<Worker['on']>[0]>(
  worker: Worker,
  name: Name,
  count = 1,
): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    let left = count;
    worker.on(name, (...values: readonly unknown[]) => {
      if (--left === 0) resolve(values);
    });
  });
}

/** Lets everything that is due now happen, without time. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
