// Returns a broker for tests: the one AMQP_URL names, else a private node.
// It must not launch anything when AMQP_URL is set: then the user has chosen.

import { launchBroker } from './launch-broker.ts';
import { probeBroker } from './probe.ts';
import { type Broker, type BrokerEndpoint, BrokerUnavailable, type LaunchOptions } from './types.ts';

const foreignTimeoutMs = 10_000;

/** A broker that answers. */
export interface EnsuredBroker extends BrokerEndpoint {
  /** The private node, if one was launched; undefined when AMQP_URL names the broker. */
  readonly launched: Broker | undefined;
}

/** As for `launchBroker`, which is called with them when AMQP_URL is not set. */
export interface EnsureOptions extends LaunchOptions {
  /** The url to use. Default: the environment variable AMQP_URL. */
  readonly url?: string;
}

/**
 * Uses the broker AMQP_URL names after checking that it answers, else launches a private one.
 * Rejects with {@link BrokerUnavailable}, with what to do about it, when there is neither.
 *
 * @example
 * ```ts
 * await using broker = await ensureBroker({ onProgress: console.error });
 * const client = new Client(broker.url);
 * ```
 */
export async function ensureBroker(options: EnsureOptions = {}): Promise<EnsuredBroker> {
  const { url = process.env.AMQP_URL ?? '', ...launchOptions } = options;
  if (url !== '') return foreignBroker(url);
  const launched = await launchBroker(launchOptions);
  const { host, port, version } = launched;
  const stop = (): Promise<void> => launched.stop();
  return { url: launched.url, host, port, version, launched, stop, [Symbol.asyncDispose]: stop };
}

async function foreignBroker(url: string): Promise<EnsuredBroker> {
  const { host, port, tls } = addressOf(url);
  const { version } = await probeBroker({ host, port, tls, timeoutMs: foreignTimeoutMs }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BrokerUnavailable(
      `AMQP_URL names a broker at ${host}:${port} that does not answer (${reason}). Start it, correct AMQP_URL, or unset it to have a private one launched.`,
      {
        cause: error,
      },
    );
  });
  const stop = (): Promise<void> => Promise.resolve();
  return { url, host, port, version, launched: undefined, stop, [Symbol.asyncDispose]: stop };
}

/** The address in an AMQP url; the url itself is in no message, because it holds a password. */
function addressOf(url: string): { readonly host: string; readonly port: number; readonly tls: boolean } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^amqps?:$/.test(parsed.protocol)) {
    throw new BrokerUnavailable('AMQP_URL is not a url of the form amqp://user:password@host:port/vhost');
  }
  const tls = parsed.protocol === 'amqps:';
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost';
  return { host, port: parsed.port === '' ? (tls ? 5671 : 5672) : Number(parsed.port), tls };
}
