/** The steps below AMQP: name, port, TLS. Must not log in. */
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { ConnectionBroken } from '@puka/client';
import type { TlsOptions } from '@puka/transport';
import type { Address, StepResult } from './step.ts';

const patienceMs = 5000;
/** A certificate that ends so soon is warned of, in milliseconds: three weeks. */
const soonMs = 21 * 86_400_000;

/** @returns the addresses of the name beside the result. */
export async function lookAtName({ host }: Address): Promise<{ result: StepResult; addresses: string[] }> {
  if (isIP(host) !== 0)
    return { result: { step: 'name', state: 'ok', text: `${host} is an address` }, addresses: [host] };
  try {
    const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
    return { result: { step: 'name', state: 'ok', text: `${host} is ${addresses.join(', ')}` }, addresses };
  } catch (cause) {
    const text = `the name '${host}' cannot be resolved (${codeOf(cause)}): look for a typing mistake, and check DNS and VPN of this machine`;
    return { result: { step: 'name', state: 'failed', text, error: broken(text, cause) }, addresses: [] };
  }
}

/** Tries each address: a name with an address that no server listens on costs time at every connect. */
export async function lookAtPort({ host, port }: Address, addresses: readonly string[]): Promise<StepResult> {
  const tried = await Promise.all(addresses.map(async (address) => ({ address, error: await tryPort(address, port) })));
  const failed = tried.filter(({ error }) => error !== undefined);
  const open = tried.filter(({ error }) => error === undefined).map(({ address }) => address);
  if (open.length === 0) {
    const error = failed[0]?.error;
    const text = portText(host, port, codeOf(error));
    return { step: 'port', state: 'failed', text, error: broken(text, error) };
  }
  if (failed.length === 0) return { step: 'port', state: 'ok', text: `port ${port} is open` };
  const others = failed.map(({ address, error }) => `${address} (${codeOf(error)})`).join(', ');
  return { step: 'port', state: 'warning', text: `port ${port} is open at ${open.join(', ')}, but not at ${others}` };
}

function portText(host: string, port: number, code: string): string {
  if (code === 'ECONNREFUSED') {
    return `nothing listens on port ${port} of ${host}: is RabbitMQ running, and on this port? 5672 is usual, 5671 with TLS`;
  }
  if (code === 'ETIMEDOUT') {
    return `port ${port} of ${host} does not answer: a firewall drops what is sent there, or the machine is off`;
  }
  return `port ${port} of ${host} cannot be reached (${code})`;
}

function tryPort(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: patienceMs });
    const end = (error?: Error): void => {
      socket.destroy();
      resolve(error);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    socket.once('error', end);
  });
}

/** Looks at the certificate, whether it is trusted or not: the client will judge it. */
export function lookAtTls({ host, port }: Address, options: TlsOptions): Promise<StepResult> {
  const { ca, cert, key, passphrase, serverName = host } = options;
  return new Promise((resolve) => {
    const servername = isIP(serverName) === 0 ? { servername: serverName } : {};
    // Use the client's CA and certificate. Without them a trusted server would look untrusted, and a server that requires one would refuse.
    const own = Object.fromEntries(
      Object.entries({ ca, cert, key, passphrase }).filter(([, value]) => value !== undefined),
    );
    const socket = connectTls({ host, port, ...servername, ...own, rejectUnauthorized: false, timeout: patienceMs });
    const end = (result: Omit<StepResult, 'step'>): void => {
      socket.destroy();
      resolve({ step: 'tls', ...result });
    };
    const fail = (text: string, cause: unknown): void => end({ state: 'failed', text, error: broken(text, cause) });
    socket.once('secureConnect', () => {
      const { authorized, authorizationError } = socket;
      end(certificateResult(socket.getPeerCertificate(), authorized ? undefined : String(authorizationError)));
    });
    socket.once('timeout', () => fail(`port ${port} does not speak TLS: nothing came back; use amqp://`, undefined));
    socket.once('error', (error) => {
      const isPlain =
        /wrong version number|packet length too long/i.test(error.message) || codeOf(error) === 'ECONNRESET';
      const text = isPlain
        ? `port ${port} does not speak TLS (${error.message}): use amqp://, or the port of TLS, usually 5671`
        : `TLS failed: ${error.message}`;
      fail(text, error);
    });
  });
}

function certificateResult(certificate: PeerCertificate, problem: string | undefined): Omit<StepResult, 'step'> {
  const ends = new Date(certificate.valid_to);
  const begins = new Date(certificate.valid_from);
  const name = String(certificate.subject?.CN ?? 'without a name');
  const seen = `certificate of '${name}', valid to ${certificate.valid_to}`;
  const now = Date.now();
  if (begins.getTime() > now) {
    const text = `${seen}: it is valid only from ${certificate.valid_from}; is the clock of this machine right?`;
    return { state: 'warning', text };
  }
  if (problem !== undefined) {
    const text = `${seen}: not trusted (${problem}); give its authority: cacertfile=… in the URL, or NODE_EXTRA_CA_CERTS`;
    return { state: 'warning', text };
  }
  const days = Math.floor((ends.getTime() - now) / 86_400_000);
  if (ends.getTime() - now < soonMs) return { state: 'warning', text: `${seen}: it ends in ${days} days` };
  return { state: 'ok', text: seen };
}

export function codeOf(error: unknown): string {
  const { code, message } = Object(error);
  return String(code ?? message ?? error);
}

function broken(text: string, cause: unknown): ConnectionBroken {
  return new ConnectionBroken(text, { cause, outcome: 'not-sent' });
}
