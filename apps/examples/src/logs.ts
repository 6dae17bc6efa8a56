/** Logs by a headers exchange: the listener sets which headers a message must have, and all or any of them. */
import { Client } from '@puka/client';
import type { Program } from './program.ts';

const exchange = 'examples.logs';

/** Sends a line with its headers: `emitLog level=error host=a "Disk full"`. */
export const emitLog: Program = async (url, print, args) => {
  const { headers, words } = parsed(args);
  await using client = new Client(url);
  await client.connect();
  await client.exchangeDeclare({ exchange, type: 'headers' });
  await client.basicPublish({ exchange, routingKey: '', headers, body: words.join(' ') });
  print(`logged: ${words.join(' ')}`);
};

/** Prints lines that have one of the headers: `receiveLogs 1 level=error level=warning`; the number is how many. */
export const receiveLogs: Program = async (url, print, [count = '1', ...wanted]) => {
  await using client = new Client(url);
  await client.connect();
  await client.exchangeDeclare({ exchange, type: 'headers' });
  const { queue } = await client.queueDeclare({ exclusive: true });
  const bindings = wanted.map((pair) =>
    client.queueBind({ queue, exchange, arguments: { ...parsed([pair]).headers, 'x-match': 'any' } }),
  );
  await Promise.all(bindings);

  print('listening');
  let left = Number(count);
  for await (const message of client.basicConsume({ queue, noAck: true })) {
    print(`${String(message.headers.level)}: ${message.text()}`);
    if (--left === 0) break;
  }
};

/** Words of the form `name=value` are headers. */
function parsed(args: readonly string[]): { headers: Record<string, string>; words: string[] } {
  const pairs = args.filter((arg) => arg.includes('='));
  return {
    headers: Object.fromEntries(pairs.map((pair) => pair.split('=', 2))),
    words: args.filter((arg) => !arg.includes('=')),
  };
}
