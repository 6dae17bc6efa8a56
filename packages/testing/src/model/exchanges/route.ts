/** Which queues a message goes to, through all exchanges on its way. Must not deliver. */
import type { Message } from '../message.ts';
import type { Exchange } from './exchange.ts';

/**
 * Follows bindings from exchange to exchange, and to the alternate exchange of one that has no binding for the message.
 * No exchange is gone through twice. AMQP 0-9-1 §3.1.3, RabbitMQ: exchange-to-exchange bindings, alternate exchanges.
 *
 * @param find an exchange by its name.
 * @returns the names of queues, each once, in the order of the alphabet, in which RabbitMQ serves them. Some may be of
 * queues that are not there: those of the default exchange.
 */
export function route(
  start: Exchange,
  message: Message,
  find: (name: string) => Exchange | undefined,
): readonly string[] {
  if (start.name === '') return sortedOnce(message.routingKeys);
  const queues: string[] = [];
  const seen = new Set([start.name]);
  const open = [start];
  for (let exchange = open.pop(); exchange !== undefined; exchange = open.pop()) {
    let isTaken = false;
    const goOn = (name: string): void => {
      if (seen.has(name)) return;
      seen.add(name);
      const next = find(name);
      if (next !== undefined) open.push(next);
    };
    for (const { destination, destinationKind } of exchange.match(message)) {
      isTaken = true;
      if (destinationKind === 'queue') queues.push(destination);
      else goOn(destination);
    }
    if (!isTaken && exchange.alternate !== undefined) goOn(exchange.alternate);
  }
  return sortedOnce(queues);
}

function sortedOnce(names: readonly string[]): readonly string[] {
  return names.length <= 1 ? names : [...new Set(names)].sort();
}
