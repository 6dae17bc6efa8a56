/**
 * The embedded broker and clients of it, in memory and on one clock that the test moves. Counts what a client holds of its
 * surroundings: sockets and timers. Must not wait for real time.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type BrokerOptions, type EmbeddedBroker, startBroker } from '@puka/testing';
import { VirtualClock } from '@puka/testkit';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '@puka/transport';
import { Client } from '../../src/client.ts';
import type { ClientOptions } from '../../src/client-options.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';

/** Nothing the client does by itself takes more turns than this. */
const mostTurns = 100_000;

/** A client and its broker on virtual time. */
export class Scene {
  readonly broker: EmbeddedBroker;
  readonly clock: VirtualClock = new VirtualClock();
  readonly warnings: unknown[] = [];
  /** What the clients' transports were asked for, by host. */
  readonly dialled: string[] = [];
  /** Sockets that are open or being opened. */
  sockets = 0;
  /** Timers that run. */
  timers = 0;
  /** Of these, those that keep the process running. */
  keeping = 0;
  /** The client's chance, 0 to less than 1. */
  random: () => number = () => 0.5;
  private tasks: (() => void)[] = [];

  private constructor(broker: EmbeddedBroker) {
    this.broker = broker;
  }

  /** The broker has no heartbeats by default. */
  static async start(options: BrokerOptions = {}): Promise<Scene> {
    return new Scene(await startBroker({ listen: false, time: 'manual', heartbeat: 0, ...options }));
  }

  /** A client that is not connected. Attempts follow each other after 10 to 1000 ms. */
  client(options: ClientOptions = {}, urls: string | readonly string[] = 'amqp://'): Client {
    const { runtime } = this;
    const recover = { minDelay: 50, maxDelay: 1000 };
    return new Client(urls, { transport: this.connector, runtime, recover, ...options });
  }

  /** A client that is connected. */
  async connected(options: ClientOptions = {}): Promise<Client> {
    const client = this.client(options);
    const connecting = client.connect();
    await this.settle();
    await connecting;
    return client;
  }

  /** The surroundings of the clients. */
  get runtime(): Runtime {
    return {
      now: this.clock.now,
      startTimer: (callback, ms, keepsProcess = false) => {
        this.timers++;
        if (keepsProcess) this.keeping++;
        let isOver = false;
        const end = (): void => {
          if (isOver) return;
          isOver = true;
          this.timers--;
          if (keepsProcess) this.keeping--;
        };
        const undo = this.clock.after(ms, () => {
          end();
          callback();
        });
        return {
          unref: () => {
            end();
            undo();
          },
        };
      },
      stopTimer: (timer) => timer.unref?.(),
      atTurnEnd: (callback) => this.tasks.push(callback),
      warn: (text, error) => this.warnings.push(text, error),
      random: () => this.random(),
    };
  }

  /** Lines to the broker, counted. */
  get connector(): TransportConnector {
    const inner = this.broker.transport();
    return {
      runtime: 'memory',
      connect: async (options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> => {
        this.dialled.push(options.host);
        this.sockets++;
        try {
          return await inner.connect(options, this.counting(handlers));
        } catch (error) {
          this.sockets--;
          throw error;
        }
      },
    };
  }

  /** Lets both sides do all that is due now. */
  async settle(): Promise<void> {
    for (let turns = 0, idle = 0; idle < 2; turns++) {
      if (turns > mostTurns) throw new Error('the client never comes to rest');
      const { tasks } = this;
      this.tasks = [];
      for (const task of tasks) task();
      idle = tasks.length === 0 ? idle + 1 : 0;
      await turn();
    }
  }

  /** Lets time pass on both sides, with all that comes of it. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.clock.now() + ms;
    for (;;) {
      const nowMs = this.clock.now();
      const stepMs = Math.min(Math.max(0, (this.clock.nextAt ?? untilMs) - nowMs), untilMs - nowMs);
      await this.broker.advance(stepMs);
      this.clock.advance(stepMs);
      await this.settle();
      if (this.clock.now() >= untilMs && (this.clock.nextAt ?? Number.POSITIVE_INFINITY) > untilMs) return;
    }
  }

  /** Lets time pass until something holds. */
  async until(condition: () => boolean, mostMs = 60_000): Promise<void> {
    await this.settle();
    for (let passedMs = 0; !condition(); passedMs += 50) {
      if (passedMs > mostMs) throw new Error(`not within ${mostMs} ms: ${condition}`);
      await this.advance(50);
    }
  }

  /** Drops the connections, and waits until the client has recovered. */
  async cut(client: Client): Promise<void> {
    this.broker.faults.dropConnections();
    await this.settle();
    await this.until(() => client.state === 'connected');
  }

  /** Closes the client and the broker. */
  async end(client: Client): Promise<void> {
    const closing = client.close();
    await this.settle();
    await closing;
    await this.settle();
    await this.broker.stop();
  }

  private counting(handlers: TransportHandlers): TransportHandlers {
    return {
      onData: (bytes, isLast) => handlers.onData(bytes, isLast),
      onReadable: () => handlers.onReadable(),
      onDrain: () => handlers.onDrain(),
      onEnd: () => handlers.onEnd(),
      onClose: (error) => {
        this.sockets--;
        handlers.onClose(error);
      },
    };
  }
}

/** How an operation ended: `fulfilled`, `pending`, or the code of its error with the outcome. */
export function endOf(operation: { readonly state: string; readonly error: unknown }): string {
  if (operation.state !== 'rejected') return operation.state;
  const { code, outcome } = operation.error as { code?: string; outcome?: string };
  return [code ?? String(operation.error), outcome].filter((part) => part !== undefined).join(' ');
}

/** What a client has emitted, one word an event. */
export function eventsOf(client: Client): string[] {
  const events: string[] = [];
  client.on('connected', () => events.push('connected'));
  client.on('disconnected', () => events.push('disconnected'));
  client.on('recovering', () => events.push('recovering'));
  client.on('blocked', () => events.push('blocked'));
  client.on('unblocked', () => events.push('unblocked'));
  client.on('closed', () => events.push('closed'));
  return events;
}

/** RECOVERY §4: the order of the events of a client from one `connect()` to its end. */
export const eventGrammar =
  /^(?:recovering )*(?:connected (?:blocked |unblocked )*(?:disconnected (?:unblocked )?(?:recovering )+connected (?:blocked |unblocked )*)*(?:disconnected (?:unblocked )?(?:recovering )*)?)?closed $/;
