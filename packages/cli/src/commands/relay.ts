/** `puka relay`: lets browsers reach one broker, by AMQP over WebSocket. */
import { readFile } from 'node:fs/promises';
import { UsageError } from '@puka/client';
import type { Command } from 'commander';
import { brokerAddress } from '../broker-address.ts';
import { type CommonOptions, urlOf } from '../connect.ts';
import type { ExitCode } from '../exit-codes.ts';
import { wholeNumber } from '../messages/message-options.ts';
import type { RelayCounts } from '../relay/counts.ts';
import { defaultLimits, type RelayLimits } from '../relay/limits.ts';
import { type RelayOptions, startRelay } from '../relay/relay.ts';
import type { Io } from '../terminal/io.ts';
import { keyHint, keyTable, obeyKeys } from '../terminal/keys.ts';
import { answer, counted, summary } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface RelayCommandOptions extends CommonOptions {
  readonly port: string;
  readonly host: string;
  readonly path: string;
  readonly origin?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly maxConnections: string;
  readonly maxConnectionsPerAddress: string;
  readonly maxMessageBytes: string;
  readonly handshakeTimeout: string;
  readonly idleTimeout: string;
}

const status = { key: 's', meaning: 'show how many connections, bytes and refusals' };
const longestMs = 2 ** 31 - 1;

export function addRelay(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'relay',
    summary: 'Let browsers reach one broker, by AMQP over WebSocket',
    examples: [
      ['puka relay --origin https://shop.example', 'on port 15670 of this machine, behind a server that does TLS'],
      ['puka relay --origin https://shop.example --host :: -p 443 --tls-cert c.pem --tls-key k.pem', 'for all'],
      ["puka relay --origin '*'", 'pages of all origins may connect: for trials'],
    ],
  })
    .option('-p, --port <number>', 'where to listen; 0: a free one', '15670')
    .option('--host <address>', 'where to listen; 0.0.0.0 or :: for all addresses of this machine', '127.0.0.1')
    .option('--path <path>', 'of the URL', '/')
    .option(
      '--origin <origin>',
      'pages of this origin may connect; may be repeated; * for all; default: none, only clients that are no browsers',
      (origin: string, others: readonly string[] = []) => [...others, origin],
    )
    .option('--tls-cert <file>', 'PEM: the certificate of the relay, and its chain; needs --tls-key')
    .option('--tls-key <file>', 'PEM: its key')
    .option('--max-connections <number>', 'at a time', String(defaultLimits.maxConnections))
    .option('--max-connections-per-address <number>', 'at a time', String(defaultLimits.maxConnectionsPerAddress))
    .option('--max-message-bytes <number>', 'of a WebSocket message', String(defaultLimits.maxMessageBytes))
    .option('--handshake-timeout <ms>', 'until the broker has answered', String(defaultLimits.handshakeTimeoutMs))
    .option('--idle-timeout <ms>', 'without a byte in either direction', String(defaultLimits.idleTimeoutMs));
  command.addHelpText('after', `\nKeys, each also as a line of standard input:\n${keyTable([status])}`);
  runs<[], RelayCommandOptions>(command, registration, runRelay);
  program.addCommand(command);
}

async function runRelay(io: Io, options: RelayCommandOptions): Promise<ExitCode> {
  const relay = await startRelay(await relayOptions(io, options));
  try {
    const keys = [{ ...status, run: () => describe(relay.counts()) }];
    const { url, port } = relay;
    await answer(io, options, `${url}${keyHint(io, options, keys)}`, { url, port });
    return await obeyKeys(io, options, keys);
  } finally {
    await relay.stop();
    const counts = relay.counts();
    await summary(io, options, describe(counts), counts);
  }
}

async function relayOptions(io: Io, options: RelayCommandOptions): Promise<RelayOptions> {
  const { host, path, origin = [] } = options;
  if (!path.startsWith('/')) throw new UsageError(`--path begins with a slash, not '${path}'`);
  for (const each of origin) checkOrigin(each);
  return {
    broker: await brokerAddress(urlOf(io, options)),
    port: wholeNumber(options.port, '--port', 0, 65_535),
    ...{ host, path, origins: origin, limits: limitsOf(options), tls: await identity(options) },
  };
}

function limitsOf(options: RelayCommandOptions): RelayLimits {
  return {
    maxConnections: wholeNumber(options.maxConnections, '--max-connections', 1, 1_000_000),
    maxConnectionsPerAddress: wholeNumber(
      options.maxConnectionsPerAddress,
      '--max-connections-per-address',
      1,
      1_000_000,
    ),
    // A client may send messages of 64 KiB, and a control frame has to fit beside them.
    maxMessageBytes: wholeNumber(options.maxMessageBytes, '--max-message-bytes', 64 * 1024, 128 * 1024 * 1024),
    handshakeTimeoutMs: wholeNumber(options.handshakeTimeout, '--handshake-timeout', 1, longestMs),
    idleTimeoutMs: wholeNumber(options.idleTimeout, '--idle-timeout', 1, longestMs),
  };
}

/** What a browser sends: scheme, host, and the port if it is not the usual one. */
function checkOrigin(origin: string): void {
  if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)) return;
  throw new UsageError(`--origin takes what browsers send, such as https://shop.example, or *; not '${origin}'`);
}

async function identity({ tlsCert, tlsKey }: RelayCommandOptions): Promise<RelayOptions['tls']> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new UsageError('--tls-cert and --tls-key need each other');
  return { cert: await readPem('--tls-cert', tlsCert), key: await readPem('--tls-key', tlsKey) };
}

async function readPem(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`${option}: ${path} cannot be read`, { cause });
  }
}

function describe({ open, mostOpen, accepted, bytesUp, bytesDown, ends }: RelayCounts): string {
  const reasons = Object.entries(ends).map(([why, count]) => `${count} ${endTexts[why] ?? why}`);
  return [
    `${counted(open, 'connection')} open, at most ${mostOpen}, ${accepted} accepted`,
    `${counted(bytesUp, 'byte')} to the broker, ${counted(bytesDown, 'byte')} from it`,
    ...(reasons.length > 0 ? [`ended or refused: ${reasons.join(', ')}`] : []),
  ].join('\n');
}

const endTexts: Readonly<Record<string, string>> = {
  badRequest: 'with a bad request',
  badPath: 'for another path',
  badOrigin: 'of another origin',
  tooManyConnections: 'above a limit of connections',
  brokerUnreachable: 'because the broker could not be reached',
  brokerLost: 'because the connection to the broker broke',
  clientLost: 'by the client',
  handshakeTimeout: 'because nothing was sent',
  idle: 'because nothing was sent for too long',
  stopped: 'because the relay stopped',
  done: 'in good order',
};
