/** What the commands do. Must not read the command line. */
import type { Client } from '@puka/client';
import { firstShop, shop } from './shop.ts';

/** Each prints what it has done. */
export const commands: Readonly<
  Record<string, (client: Client, print: (line: string) => void, management?: string) => Promise<void>>
> = {
  async draw(_client, print) {
    print(shop.toMermaid());
  },
  async first(client, print) {
    const { exchanges, queues, bindings } = await firstShop.apply(client);
    print(`${exchanges} exchanges, ${queues} queues, ${bindings} bindings are there`);
  },
  async check(client, print, management) {
    const { differences, unchecked } = await shop.check(client, { management, redeclare: management === undefined });
    for (const { text } of differences) print(text);
    print(`${differences.length} differences`);
    if (unchecked.length > 0) print(`not looked at: ${unchecked.join(', ')}`);
  },
  async migrate(client, print, management) {
    const { moved } = await shop.migrate(client, 'billing', {
      management,
      onProgress: (progress) => print(`${progress.step} ${progress.from} -> ${progress.to}: ${progress.moved} moved`),
    });
    print(`done: ${moved} messages moved`);
  },
  async remove(client, print) {
    const { queues, messageCount } = await shop.remove(client);
    print(`${queues} queues are gone, with ${messageCount} messages`);
  },
};
