/** Which broker the lines go through, and what it is called. Must not send anything through it. */
import { startBroker } from '@puka/testing';
import { ensureBroker } from '@puka/testkit';

/** What stands on the command line. */
export interface Choice {
  /** The file to send; `undefined` for the README. */
  readonly file: string | undefined;
  /** Whether a real RabbitMQ is to be launched where none is named. */
  readonly wantsRabbitmq: boolean;
}

/** A broker that answers. */
export interface ChosenBroker extends AsyncDisposable {
  readonly url: string;
  /** For people, without a password. */
  readonly description: string;
}

/** Reads the command line: `[--rabbitmq] [FILE]`. @throws {Error} for an option that there is not. */
export function readChoice(words: readonly string[]): Choice {
  const unknown = words.find((word) => word.startsWith('--') && word !== '--rabbitmq');
  if (unknown !== undefined) throw new Error(`there is no option ${unknown}: npm start -- [--rabbitmq] [FILE]`);
  const [file] = words.filter((word) => !word.startsWith('--'));
  return { file, wantsRabbitmq: words.includes('--rabbitmq') };
}

/**
 * The broker that the URL names; else a RabbitMQ of our own where one is wanted; else the embedded one.
 *
 * @param url what `AMQP_URL` says; empty for nothing.
 * @param say is told what takes time.
 */
export async function chooseBroker(
  { wantsRabbitmq }: Choice,
  url: string,
  say: (text: string) => void,
): Promise<ChosenBroker> {
  if (url === '' && !wantsRabbitmq) {
    const broker = await startBroker();
    const description = `the broker embedded in this process (@puka/testing), port ${broker.port}`;
    return { url: broker.url, description, [Symbol.asyncDispose]: () => broker.stop() };
  }
  const broker = await ensureBroker({ url, onProgress: say });
  const whose = broker.launched === undefined ? 'named by AMQP_URL' : 'launched for this run';
  const description = `RabbitMQ ${broker.version}, ${whose}, at ${broker.host}:${broker.port}`;
  return { url: broker.url, description, [Symbol.asyncDispose]: () => broker.stop() };
}
