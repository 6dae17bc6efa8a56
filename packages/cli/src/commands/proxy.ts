/** `puka proxy`: a TCP proxy before a real broker, with faults of the network from options and from the keyboard. */
import { type FaultProxy, faultProxy } from '@puka/testkit/proxy';
import type { Command } from 'commander';
import { brokerAddress } from '../broker-address.ts';
import { type CommonOptions, urlOf } from '../connect.ts';
import type { ExitCode } from '../exit-codes.ts';
import { wholeNumber } from '../messages/message-options.ts';
import type { Io } from '../terminal/io.ts';
import { type Key, keyHint, keyTable, obeyKeys } from '../terminal/keys.ts';
import { answer, counted } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface ProxyOptions extends CommonOptions {
  readonly port: string;
  readonly latency?: string;
  readonly throttle?: string;
  readonly split?: string;
  readonly dropAfter?: string;
}

const most = Number.MAX_SAFE_INTEGER;
/** What the keys turn on if no option sets how much. */
const defaultLatencyMs = 200;
const defaultBytesPerSecond = 10_000;

export function addProxy(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'proxy',
    summary: 'Forward between clients and a real broker; options and keys make faults of the network',
    examples: [
      ['puka proxy --url amqp://rabbit.example', 'clients connect to port 5673 of this machine'],
      ['puka proxy --latency 200 --throttle 10000', '200 ms and 10 kB/s in each direction'],
      ['puka proxy --drop-after 100000', 'each connection breaks after 100 kB from the broker'],
    ],
  })
    .option('-p, --port <number>', 'on 127.0.0.1; 0: a free one', '5673')
    .option('--latency <ms>', 'delay everything, in each direction')
    .option('--throttle <bytes>', 'let so many bytes a second through, in each direction')
    .option('--split <bytes>', 'pass everything on in pieces of at most so many bytes')
    .option('--drop-after <bytes>', 'close a connection after so many bytes from the broker');
  command.addHelpText('after', `\nKeys, each also as a line of standard input:\n${keyTable(keysOf(undefined, {}))}`);
  runs<[], ProxyOptions>(command, registration, runProxy);
  program.addCommand(command);
}

async function runProxy(io: Io, options: ProxyOptions): Promise<ExitCode> {
  const port = wholeNumber(options.port, '--port', 0, 65_535);
  const faults = readFaults(options);
  const target = await brokerAddress(urlOf(io, options));
  const proxy = await faultProxy({ target, ...(port > 0 && { port }) });
  try {
    apply(proxy, faults);
    const keys = keysOf(proxy, faults);
    const text = `127.0.0.1:${proxy.port} leads to ${target.host}:${target.port}`;
    const data = { host: '127.0.0.1', port: proxy.port, target: { host: target.host, port: target.port } };
    await answer(io, options, `${text}${keyHint(io, options, keys)}`, data);
    return await obeyKeys(io, options, keys);
  } finally {
    await proxy.stop();
  }
}

/** How much of which fault; `undefined` if no option sets it. */
interface FaultAmounts {
  readonly latencyMs?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly pieceBytes?: number | undefined;
  readonly dropAfterBytes?: number | undefined;
}

function readFaults({ latency, throttle, split, dropAfter }: ProxyOptions): FaultAmounts {
  const amount = (text: string | undefined, option: string, least: number): number | undefined =>
    text === undefined ? undefined : wholeNumber(text, option, least, most);
  return {
    latencyMs: amount(latency, '--latency', 0),
    bytesPerSecond: amount(throttle, '--throttle', 1),
    pieceBytes: amount(split, '--split', 1),
    dropAfterBytes: amount(dropAfter, '--drop-after', 0),
  };
}

function apply(proxy: FaultProxy, { latencyMs, bytesPerSecond, pieceBytes, dropAfterBytes }: FaultAmounts): void {
  if (latencyMs !== undefined) proxy.latency(latencyMs);
  if (bytesPerSecond !== undefined) proxy.throttle(bytesPerSecond);
  if (pieceBytes !== undefined) proxy.split(pieceBytes);
  if (dropAfterBytes !== undefined) proxy.dropAfter(dropAfterBytes, 'serverToClient');
}

/** @param proxy `undefined` if only their meaning is wanted. */
function keysOf(proxy: FaultProxy | undefined, amounts: FaultAmounts): readonly Key[] {
  const { latencyMs = defaultLatencyMs, bytesPerSecond = defaultBytesPerSecond } = amounts;
  const key = (letter: string, meaning: string, run: (proxy: FaultProxy) => string | Promise<string>): Key => ({
    ...{ key: letter, meaning },
    run: () => (proxy === undefined ? '' : run(proxy)),
  });
  return [
    key('c', 'cut: close all connections in good order', (open) => {
      const { connections } = open;
      open.close();
      return `${counted(connections, 'connection')} cut`;
    }),
    key('r', 'reset all connections, as a crash does', (open) => {
      const { connections } = open;
      open.reset();
      return `${counted(connections, 'connection')} reset`;
    }),
    key('n', 'refuse new connections', async (open) => {
      await open.refuse();
      return 'new connections are refused; x ends it';
    }),
    key('b', 'black hole: pass nothing on, as a firewall or a pulled cable does', (open) => {
      open.blackHole();
      return 'nothing is passed on; x ends it';
    }),
    key('l', `latency: delay everything by --latency, or ${defaultLatencyMs} ms`, (open) => {
      open.latency(latencyMs);
      return `everything is delayed by ${latencyMs} ms; x ends it`;
    }),
    key('t', `throttle to --throttle, or ${defaultBytesPerSecond} bytes a second`, (open) => {
      open.throttle(bytesPerSecond);
      return `${counted(bytesPerSecond, 'byte')} a second; x ends it`;
    }),
    key('x', 'end all faults, those of the options too', async (open) => {
      await open.restore();
      return 'no faults';
    }),
    key('s', 'show the connections', (open) => {
      return `${counted(open.connections, 'connection')} open, ${open.accepted} accepted`;
    }),
  ];
}
