/** `puka declare`, `delete`, `bind`, `unbind`, `purge`: queues, exchanges and bindings. */
import { type Client, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { collect, readPairs } from '../messages/message-options.ts';
import { confirm } from '../terminal/confirm.ts';
import type { Io } from '../terminal/io.ts';
import { answer, counted } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface DeclareOptions extends CommonOptions {
  readonly type?: string;
  readonly transient?: boolean;
  readonly autoDelete?: boolean;
  readonly internal?: boolean;
  readonly passive?: boolean;
  readonly arg: readonly string[];
}

interface DeleteOptions extends CommonOptions {
  readonly ifUnused?: boolean;
  readonly ifEmpty?: boolean;
  readonly yes?: boolean;
}

interface BindOptions extends CommonOptions {
  readonly routingKey: string;
  readonly toExchange?: boolean;
  readonly arg: readonly string[];
  readonly yes?: boolean;
}

export function addEntities(program: Command, registration: Registration): void {
  addDeclare(program, registration);
  addDelete(program, registration);
  addBind(program, registration);
  addUnbind(program, registration);
  addPurge(program, registration);
}

function addDeclare(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'declare <kind> <name>',
    summary: 'Declare a queue or an exchange, durable unless --transient is given',
    examples: [
      ['puka declare queue jobs', 'a classic queue'],
      ['puka declare queue jobs --type quorum --arg x-delivery-limit:=5', 'a quorum queue'],
      ['puka declare exchange events --type topic', 'an exchange'],
      ['puka declare queue jobs --passive', 'only look: how many messages?'],
    ],
  })
    .option('--type <type>', 'queue: classic, quorum, stream; exchange: direct, fanout, topic, headers')
    .option('--transient', 'gone when the broker restarts')
    .option('--auto-delete', 'gone with its last consumer, or its last binding')
    .option('--internal', 'exchange: takes messages from other exchanges only')
    .option('--passive', 'only look whether it is there')
    .option('--arg <name=value>', 'an argument of text; name:=json for any other; may be repeated', collect, []);
  runs<[string, string], DeclareOptions>(command, registration, declare);
  program.addCommand(command);
}

/** @throws {UsageError} for anything but `queue` and `exchange`. */
function kindOf(kind: string): 'queue' | 'exchange' {
  if (kind === 'queue' || kind === 'exchange') return kind;
  throw new UsageError(`'${kind}' is neither 'queue' nor 'exchange'`);
}

async function declare(io: Io, options: DeclareOptions, kindWord: string, name: string): Promise<ExitCode> {
  const kind = kindOf(kindWord);
  const { type, autoDelete, internal, passive } = options;
  if (kind === 'queue' && internal === true) throw new UsageError('--internal is for exchanges only');
  const durable = options.transient !== true;
  const pairs = readPairs(options.arg, '--arg');
  return await briefly(io, options, 'declare', async (client) => {
    if (kind === 'exchange') {
      await client.exchangeDeclare({
        ...{ exchange: name, type, durable, autoDelete, internal, passive },
        arguments: Object.fromEntries(pairs),
      });
      await answer(io, options, `exchange ${name}`, { exchange: name });
      return exitCodes.done;
    }
    if (type !== undefined) pairs.set('x-queue-type', type);
    const declared = await client.queueDeclare({
      ...{ queue: name, durable, autoDelete, passive },
      arguments: Object.fromEntries(pairs),
    });
    const counts = `${counted(declared.messageCount, 'message')}, ${counted(declared.consumerCount, 'consumer')}`;
    await answer(io, options, `queue ${declared.queue}: ${counts}`, declared);
    return exitCodes.done;
  });
}

function addDelete(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'delete <kind> <name>',
    summary: 'Delete a queue with its messages, or an exchange; asks first',
    examples: [
      ['puka delete queue jobs', 'asks, on a terminal'],
      ['puka delete queue jobs --if-empty --yes', 'in a script'],
      ['puka delete exchange events --if-unused', 'only without bindings'],
    ],
  })
    .option('--if-unused', 'only without consumers, or without bindings')
    .option('--if-empty', 'queue: only without messages')
    .option('-y, --yes', 'do not ask');
  runs<[string, string], DeleteOptions>(command, registration, deleteEntity);
  program.addCommand(command);
}

async function deleteEntity(io: Io, options: DeleteOptions, kindWord: string, name: string): Promise<ExitCode> {
  const kind = kindOf(kindWord);
  const { ifUnused, ifEmpty } = options;
  if (kind === 'exchange' && ifEmpty === true)
    throw new UsageError('--if-empty is for queues only; an exchange has no messages');
  const question = kind === 'queue' ? `Delete queue '${name}' with its messages?` : `Delete exchange '${name}'?`;
  return await briefly(io, options, 'delete', async (client) => {
    if (!(await confirm(io, question, options))) return exitCodes.declined;
    if (kind === 'exchange') {
      await client.exchangeDelete({ exchange: name, ifUnused });
      await answer(io, options, `exchange ${name} is deleted`, { exchange: name });
      return exitCodes.done;
    }
    const { messageCount } = await client.queueDelete({ queue: name, ifUnused, ifEmpty });
    const lost = `${counted(messageCount, 'message')} with it`;
    await answer(io, options, `queue ${name} is deleted, ${lost}`, { queue: name, messageCount });
    return exitCodes.done;
  });
}

function bindingCommand(command: Command): Command {
  return command
    .option('-k, --routing-key <key>', 'what the exchange compares', '')
    .option('--to-exchange', 'the destination is an exchange, not a queue')
    .option('--arg <name=value>', 'an argument of text; name:=json for any other; may be repeated', collect, []);
}

function addBind(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'bind <source> <destination>',
    summary: 'Bind a queue, or an exchange, to an exchange',
    examples: [
      ["puka bind events jobs -k 'order.*'", 'queue jobs gets what exchange events gets with such a key'],
      ['puka bind events archive --to-exchange', 'exchange to exchange'],
    ],
  });
  runs<[string, string], BindOptions>(bindingCommand(command), registration, (io, options, source, destination) =>
    briefly(io, options, 'bind', (client) =>
      changeBinding(io, client, options, { source, destination, verb: 'bound' }),
    ),
  );
  program.addCommand(command);
}

function addUnbind(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'unbind <source> <destination>',
    summary: 'Take a binding away; asks first',
    examples: [
      ["puka unbind events jobs -k 'order.*' --yes", 'the key and the arguments have to be those of the binding'],
    ],
  }).option('-y, --yes', 'do not ask');
  runs<[string, string], BindOptions>(bindingCommand(command), registration, (io, options, source, destination) =>
    briefly(io, options, 'unbind', async (client) => {
      const question = `Unbind '${destination}' from '${source}', key '${options.routingKey}'?`;
      if (!(await confirm(io, question, options))) return exitCodes.declined;
      return await changeBinding(io, client, options, { source, destination, verb: 'unbound' });
    }),
  );
  program.addCommand(command);
}

interface BindingChange {
  readonly source: string;
  readonly destination: string;
  readonly verb: 'bound' | 'unbound';
}

async function changeBinding(
  io: Io,
  client: Client,
  { routingKey, toExchange, arg, ...options }: BindOptions,
  { source, destination, verb }: BindingChange,
): Promise<ExitCode> {
  const args = readPairs(arg, '--arg');
  if (toExchange === true) {
    const binding = { source, destination, routingKey, arguments: args };
    await (verb === 'bound' ? client.exchangeBind(binding) : client.exchangeUnbind(binding));
  } else {
    const binding = { exchange: source, queue: destination, routingKey, arguments: args };
    await (verb === 'bound' ? client.queueBind(binding) : client.queueUnbind(binding));
  }
  const data = { source, destination, routingKey, destinationKind: toExchange === true ? 'exchange' : 'queue' };
  await answer(io, options, `${destination} is ${verb}: ${source}, key '${routingKey}'`, data);
  return exitCodes.done;
}

function addPurge(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'purge <queue>',
    summary: 'Delete the messages of a queue that are ready; asks first',
    examples: [['puka purge jobs --yes', 'in a script']],
  }).option('-y, --yes', 'do not ask');
  runs<[string], DeleteOptions>(command, registration, (io, options, queue) =>
    briefly(io, options, 'purge', async (client) => {
      const { messageCount: ready } = await client.queueDeclare({ queue, passive: true });
      if (!(await confirm(io, `Delete ${counted(ready, 'message')} of queue '${queue}'?`, options))) {
        return exitCodes.declined;
      }
      const { messageCount } = await client.queuePurge({ queue });
      await answer(io, options, `${counted(messageCount, 'message')} of queue ${queue} deleted`, {
        queue,
        messageCount,
      });
      return exitCodes.done;
    }),
  );
  program.addCommand(command);
}

/** Connects without recovery: it is over in a moment. */
async function briefly(
  io: Io,
  options: CommonOptions,
  command: string,
  use: (client: Client) => Promise<ExitCode>,
): Promise<ExitCode> {
  return await withClient(io, options, {
    command,
    recover: false,
    use,
  });
}
