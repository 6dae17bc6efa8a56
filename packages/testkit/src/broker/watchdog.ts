// Guards what a launched broker leaves behind: a small shell process that clears up when the launching process is gone,
// however it went.
// It must not need Node, signals or exit handlers: it sees the end of its parent by the end of its standard input.

import { type ChildProcess, spawn } from 'node:child_process';

// `kill -s KILL -- -1` is what every shell understands; dash does not take `kill -KILL -- -1`.
// $1: folder to remove. $2: command to run at the end, or nothing. Each line of input replaces the list of process
// groups to kill.
const script = `
trap '' HUP INT TERM
cd /
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
if [ -n "$2" ]; then sh -c "$2" >/dev/null 2>&1; fi
rounds=0
while [ -n "$groups" ] && [ $rounds -lt 20 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && break
  rounds=$((rounds + 1))
  sleep 0.05
done
rm -rf -- "$1" || { sleep 0.5; rm -rf -- "$1"; }
`;

/** One watchdog, for one broker. */
export interface Watchdog {
  readonly pid: number | undefined;
  /** Names the process groups that must die with this process; replaces those named before. */
  guard(groups: readonly number[]): void;
  /** Lets it clear up now; resolves when it has. */
  release(): Promise<void>;
}

/**
 * Starts a watchdog. It holds no event loop open.
 * @param folder removed at the end, with all in it.
 * @param command shell command run at the end. Default: none.
 */
export function startWatchdog(folder: string, command = ''): Watchdog {
  // Detached, so that Ctrl-C in a terminal, which goes to the whole foreground group, does not end it before its work.
  const child = spawn('sh', ['-c', script, 'puka-watchdog', folder, command], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const { stdin } = child;
  stdin.on('error', () => undefined); // it is gone: what it would have done, stop() does as well
  holdLoop(child, false);
  return {
    pid: child.pid,
    guard: (groups) => void stdin.write(`${groups.join(' ')}\n`),
    release: async () => {
      holdLoop(child, true);
      stdin.end();
      await exited;
    },
  };
}

/** Whether a child and its input keep the event loop of this process running. */
function holdLoop(child: ChildProcess, hold: boolean): void {
  const method = hold ? 'ref' : 'unref';
  child[method]();
  const stdin: unknown = child.stdin; // a socket, though the types know only a stream
  if (typeof stdin === 'object' && stdin !== null && method in stdin) {
    const change: unknown = Reflect.get(stdin, method);
    if (typeof change === 'function') Reflect.apply(change, stdin, []);
  }
}
