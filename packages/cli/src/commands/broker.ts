/** `puka broker`: the embedded broker of `@puka/testing` on a port, with faults from the keyboard. */
import { type EmbeddedBroker, startBroker } from '@puka/testing';
import type { Command } from 'commander';
import type { CommonOptions } from '../connect.ts';
import type { ExitCode } from '../exit-codes.ts';
import { wholeNumber } from '../messages/message-options.ts';
import type { Io } from '../terminal/io.ts';
import { keyHint, keyTable, obeyKeys } from '../terminal/keys.ts';
import { answer, counted } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface BrokerOptions extends CommonOptions {
  readonly port: string;
}

/** Something that can be done to the clients of the broker. */
interface Fault {
  readonly key: string;
  readonly meaning: string;
  readonly run: (broker: EmbeddedBroker) => string;
}

const faults: readonly Fault[] = [
  {
    key: 'd',
    meaning: 'drop all connections, as a cut cable does',
    run: (broker) => {
      const { length } = broker.connections;
      broker.faults.dropConnections();
      return `${counted(length, 'connection')} dropped`;
    },
  },
  {
    key: 'c',
    meaning: 'close all connections, as an operator does',
    run: (broker) => {
      const { length } = broker.connections;
      broker.closeConnections('closed from the keyboard');
      return `${counted(length, 'connection')} closed`;
    },
  },
  {
    key: 'r',
    meaning: 'restart: what is not durable is gone',
    run: (broker) => {
      broker.restart();
      return 'restarted';
    },
  },
  {
    key: 'b',
    meaning: 'memory alarm: publishers are blocked',
    run: (broker) => {
      broker.block();
      return 'publishers are blocked; u ends it';
    },
  },
  {
    key: 'u',
    meaning: 'end the alarm',
    run: (broker) => {
      broker.unblock();
      return 'publishers may go on';
    },
  },
  {
    key: 'n',
    meaning: 'nack the next publish',
    run: (broker) => {
      broker.faults.nackPublishes();
      return 'the next publish is nacked';
    },
  },
  {
    key: 'l',
    meaning: 'lose the next confirm',
    run: (broker) => {
      broker.faults.loseConfirms();
      return 'the next confirm is lost';
    },
  },
  {
    key: 'k',
    meaning: 'cancel all consumers',
    run: (broker) => {
      broker.faults.cancelConsumers();
      return 'all consumers are cancelled';
    },
  },
  {
    key: 'g',
    meaning: 'let all connections go silent, as a firewall does',
    run: (broker) => {
      broker.faults.ghosts();
      return 'all connections are silent; x ends it';
    },
  },
  {
    key: 'x',
    meaning: 'end all faults',
    run: (broker) => {
      broker.faults.clear();
      broker.unblock();
      return 'no faults';
    },
  },
  { key: 's', meaning: 'show queues and connections', run: statusOf },
];

export function addBroker(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'broker',
    summary: 'Run a broker in this process, for first steps and tests; keys make faults',
    examples: [
      ['puka broker', 'on port 5672 of this machine; guest, guest'],
      ['puka broker --port 0 --json', 'on a free port; the first line shows which'],
    ],
  }).option('-p, --port <number>', 'on 127.0.0.1; 0: a free one', '5672');
  command.addHelpText('after', `\nKeys, each also as a line of standard input:\n${keyTable(faults)}`);
  runs<[], BrokerOptions>(command, registration, runBroker);
  program.addCommand(command);
}

async function runBroker(io: Io, options: BrokerOptions): Promise<ExitCode> {
  const broker = await startBroker({ port: wholeNumber(options.port, '--port', 0, 65_535) });
  // The broker keeps no process running.
  const awake = setInterval(() => undefined, 60_000);
  try {
    const keys = faults.map(({ run, ...key }) => ({ ...key, run: () => run(broker) }));
    await answer(io, options, `${broker.url}${keyHint(io, options, keys)}`, { url: broker.url, port: broker.port });
    return await obeyKeys(io, options, keys);
  } finally {
    clearInterval(awake);
    await broker.stop();
  }
}

function statusOf(broker: EmbeddedBroker): string {
  const queues = broker.queues().map(({ name, ready, unacked, consumers }) => {
    const parts = [`${ready} ready`, `${unacked} unacked`, counted(consumers.length, 'consumer')];
    return `  ${name}: ${parts.join(', ')}`;
  });
  return [`${counted(broker.connections.length, 'connection')}, ${counted(queues.length, 'queue')}`, ...queues].join(
    '\n',
  );
}
