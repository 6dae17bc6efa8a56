/** Chooses the broker that the lines go through, and describes it. Must not send anything through it. */
import type { Socket } from 'node:net';
import type { Client } from '@puka/client';
import { startBroker } from '@puka/testing';
import { BrokerUnavailable, ensureBroker } from '@puka/testkit';
import { CannotStart } from './command-line.ts';

/** A broker that answers. */
export interface ChosenBroker extends AsyncDisposable {
  readonly url: string;
  /** For people, without a password. */
  readonly description: string;
  /** Cuts the connections of these clients, as a network does. Those of others stay. */
  cut(clients: readonly Client[]): void;
}

/** Where {@link chooseBroker} looks. */
export interface BrokerChoice {
  /** The value of `AMQP_URL`; empty if it is not set. */
  readonly url: string;
  /** Whether to launch a real RabbitMQ if the URL is empty. */
  readonly wantsRabbitmq: boolean;
  /** Called with what takes time, at least once a second. */
  readonly onProgress: (text: string) => void;
}

/**
 * The broker that the URL names; else a RabbitMQ of our own if one is wanted; else the embedded one.
 * Rejects with {@link CannotStart} if the broker does not answer or cannot be launched.
 */
export async function chooseBroker({ url, wantsRabbitmq, onProgress }: BrokerChoice): Promise<ChosenBroker> {
  if (url === '' && !wantsRabbitmq) {
    const broker = await startBroker();
    const description = `the embedded broker (@puka/testing), port ${broker.port}`;
    const cut = (): void => broker.faults.dropConnections();
    return { url: broker.url, description, cut, [Symbol.asyncDispose]: () => broker.stop() };
  }
  const title = url === '' ? 'launching RabbitMQ' : 'asking the broker of AMQP_URL for its version';
  const waiting = new WaitingLine(title, onProgress);
  try {
    const broker = await ensureBroker({ url, onProgress: (text) => waiting.say(text) });
    const whose = broker.launched === undefined ? 'named by AMQP_URL' : 'launched for this run';
    const description = `RabbitMQ ${broker.version}, ${whose}, at ${broker.host}:${broker.port}`;
    return { url: broker.url, description, cut: destroySockets, [Symbol.asyncDispose]: () => broker.stop() };
  } catch (error) {
    if (error instanceof BrokerUnavailable) throw new CannotStart(oneLine(error.message), { cause: error });
    throw error;
  } finally {
    waiting.end();
  }
}

/** A broker that others use as well is left alone: the sockets are broken on this side. */
function destroySockets(clients: readonly Client[]): void {
  // On Node `socket()` is one; this program runs on Node alone.
  for (const client of clients) (client.socket() as Socket | undefined)?.destroy();
}

/** Repeats what is awaited every second. */
class WaitingLine {
  readonly #say: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  #text: string;
  #seconds = 0;

  constructor(text: string, say: (text: string) => void) {
    this.#text = text;
    this.#say = say;
    say(text);
    this.#timer = setInterval(() => {
      this.#seconds++;
      say(`${this.#text} (${this.#seconds} s)`);
    }, 1000);
  }

  say(text: string): void {
    this.#text = text;
    this.#say(text);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** A message without line breaks. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
