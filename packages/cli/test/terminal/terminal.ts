/** A real terminal, by tmux, in which a test runs commands and reads the screen. It must not know a command of ours. */
import { randomUUID } from 'node:crypto';
import { ensureAptPackage, runCommand, waitFor } from '@puka/testkit';

/** Lines of the screen: more than any command prints. */
const rows = 200;

/** Installs tmux by apt where it is missing. Rejects where that is not possible. */
export async function ensureTmux(): Promise<void> {
  const isThere = (): Promise<boolean> =>
    runCommand('tmux', ['-V']).then(
      () => true,
      () => false,
    );
  await ensureAptPackage('tmux', isThere);
}

/** What is done while a command runs. */
export interface Keystroke {
  /** When the screen shows this text … */
  readonly at: string | RegExp;
  /** … these keys are pressed, in the names of tmux. */
  readonly press: string;
}

/** What runs in a terminal. */
export interface TerminalRun {
  /** For a shell. */
  readonly line: string;
  readonly columns: number;
  readonly env: Readonly<Record<string, string>>;
  readonly keystrokes?: readonly Keystroke[];
}

/** What was on the screen. */
export interface Screen {
  /** At the end, with the escape sequences of colours, without empty lines after it. */
  readonly end: string;
  /** What was there at each keystroke. */
  readonly atKeystrokes: readonly string[];
}

/** Runs a command line in a terminal of its own. */
export async function runInTerminal({ line, columns, env, keystrokes = [] }: TerminalRun): Promise<Screen> {
  const name = `puka-${randomUUID()}`;
  // A server of its own: nobody's settings, nobody's sessions.
  const tmux = (...args: string[]): Promise<string> => runCommand('tmux', ['-L', name, '-f', '/dev/null', ...args]);
  const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  // The shell stays behind the command, so that its screen does.
  const script = `clear; ${line}\nprintf '[exit %s]' $?; tmux -L ${name} wait-for -S ended; sleep 600`;
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', '-s', 'run', ...size, ...variables, 'sh', '-c', script);
  const screen = async (): Promise<string> => (await tmux('capture-pane', '-p', '-e', '-t', 'run')).trimEnd();
  try {
    const atKeystrokes: string[] = [];
    for (const { at, press } of keystrokes) {
      const shows = (text: string): boolean => (typeof at === 'string' ? text.includes(at) : at.test(text));
      let text = '';
      await waitFor(
        async () => {
          text = await screen();
          return shows(text);
        },
        { description: `${at} on the screen` },
      ).catch((cause: unknown) => {
        throw new Error(`the screen does not show ${at}, but\n${text}`, { cause });
      });
      atKeystrokes.push(text);
      await tmux('send-keys', '-t', 'run', press);
    }
    await tmux('wait-for', 'ended');
    return { end: await screen(), atKeystrokes };
  } finally {
    await tmux('kill-server').catch(() => undefined);
  }
}
