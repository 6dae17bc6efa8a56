/** The section about how it was measured, on what, and how to do it again. */
import type { DatedTable } from '../results.ts';
import type { Draft } from './draft.ts';
import { markdownTable } from './text.ts';

export function addMethod({ tables, lines }: Draft): void {
  lines.push(
    '## How it was measured',
    '',
    'Each run is a process of its own. All contestants take turns, round by round, on one broker on the same machine; the figures are',
    'medians over the rounds. Each client is used by its cheapest documented means: see `apps/bench/src/clients`. A run that loses a',
    'message, or leaves one in the queue, fails. CPU time is that of the client’s process, user and system, from after it has connected',
    'until the last message is done; `broker` is what the broker’s process took meanwhile. Resident memory is that at the end of a run.',
    '',
    markdownTable(
      ['measured', 'what', 'rounds', 'processor', 'cores', 'memory', 'Node', 'broker', 'other clients'],
      sessionsOf(tables).map(({ date, machine, rounds, topics }) => [
        date.slice(0, 10),
        topics.join(', '),
        String(rounds),
        machine.processor,
        String(machine.cores),
        `${machine.memoryGib} GiB`,
        machine.node,
        machine.broker,
        Object.entries(machine.peers)
          .map(([name, version]) => `${name} ${version}`)
          .join(', '),
      ]),
    ),
    '',
    '```sh',
    'pnpm --filter @puka/app-bench run performance',
    '```',
    '',
    'measures all of it and writes this page. With `--topics`, `--modes` or `--sizes` it measures a part, whose tables replace the',
    'older ones. `pnpm --filter @puka/app-bench run page` draws again what was measured.',
  );
}

/** The runs of the program that the tables come from. */
function sessionsOf(
  tables: readonly DatedTable[],
): (Pick<DatedTable, 'date' | 'machine' | 'rounds'> & { readonly topics: readonly string[] })[] {
  const byDate = new Map<string, DatedTable[]>();
  for (const table of tables) byDate.set(table.date, [...(byDate.get(table.date) ?? []), table]);
  return [...byDate.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    // Starts are measured more often, memory once.
    const rounds = (all.find(({ topic }) => topic !== 'start' && topic !== 'memory') ?? first).rounds;
    return [{ ...first, rounds, topics: [...new Set(all.map(({ topic }) => topic))] }];
  });
}
