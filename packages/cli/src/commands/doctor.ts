/** `puka doctor`: connects step by step and reports in words what is wrong. */
import { Client } from '@puka/client';
import type { Command } from 'commander';
import { brokerAddress } from '../broker-address.ts';
import { type CommonOptions, urlOf } from '../connect.ts';
import { logIn, lookAtLimits, lookAtRightsAndClock, lookAtVersion } from '../doctor/broker-steps.ts';
import { lookAtName, lookAtPort, lookAtTls } from '../doctor/network-steps.ts';
import type { Address, StepResult } from '../doctor/step.ts';
import { type ExitCode, exitCodeOf, exitCodes } from '../exit-codes.ts';
import type { Io } from '../terminal/io.ts';
import { answer } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

export function addDoctor(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'doctor [url]',
    summary: 'Connect step by step, and report in words what is wrong',
    examples: [
      [
        'puka doctor amqp://user:password@rabbit.example/shop',
        'name, port, login, vhost, version, limits, rights, clock',
      ],
      ['puka doctor amqps://rabbit.example', 'with TLS: the certificate too'],
    ],
  });
  runs<[string | undefined], CommonOptions>(command, registration, doctor);
  program.addCommand(command);
}

async function doctor(io: Io, options: CommonOptions, given: string | undefined): Promise<ExitCode> {
  const url = given ?? urlOf(io, options);
  let failure: unknown;
  let warnings = 0;
  for await (const result of examine(url, io.interrupted)) {
    const { step, state, text, error } = result;
    const mark = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' }[state];
    await answer(io, options, `${mark}  ${step.padEnd(8)}  ${text}`, { step, state, text });
    if (state === 'warning') warnings++;
    if (state === 'failed') failure = error ?? new Error(text);
  }
  if (io.interrupted.aborted) return exitCodes.interrupted;
  if (failure !== undefined) return exitCodeOf(failure);
  const end = warnings === 0 ? 'all is well' : `it works, with ${warnings} warning${warnings === 1 ? '' : 's'}`;
  if (options.json !== true) await answer(io, options, end, {});
  return exitCodes.done;
}

async function* examine(url: string, signal: AbortSignal): AsyncGenerator<StepResult> {
  // A wrong URL throws: it is a mistake on the command line.
  new Client(url, { recover: false });
  const address = addressOf(url);
  const { tls, host, port } = address;
  yield {
    step: 'url',
    state: 'ok',
    text: `${tls ? 'with' : 'without'} TLS to ${host}, port ${port}, as '${address.user}'`,
  };
  const { result: name, addresses } = await lookAtName(address);
  yield name;
  if (name.state === 'failed' || signal.aborted) return;
  const portResult = await lookAtPort(address, addresses);
  yield portResult;
  if (portResult.state === 'failed' || signal.aborted) return;
  if (tls) {
    const tlsResult = await lookAtTls(address, (await brokerAddress(url)).tls ?? {});
    yield tlsResult;
    if (tlsResult.state === 'failed') return;
  }
  const { results, client, info } = await logIn(url, address, signal);
  yield* results;
  if (client === undefined || info === undefined) return;
  try {
    yield lookAtVersion(info);
    yield lookAtLimits(info);
    yield* await lookAtRightsAndClock(client);
  } finally {
    await client.close();
  }
}

/** Up to the place where the host is missing. */
const loginWithoutHost = /^(\w+:\/\/[^/?#]*@)(?=[:/?#]|$)/;

/** @param url one that the client takes. */
function addressOf(url: string): Address {
  // A login without a host is no URL for the runtime. The client takes it, and connects to localhost.
  const { protocol, hostname, port, pathname, username } = new URL(url.replace(loginWithoutHost, '$1localhost'));
  const tls = protocol === 'amqps:';
  return {
    tls,
    host: decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1')) || 'localhost',
    port: port === '' ? (tls ? 5671 : 5672) : Number(port),
    vhost: decodeURIComponent(pathname.slice(1)) || '/',
    user: decodeURIComponent(username) || 'guest',
  };
}
