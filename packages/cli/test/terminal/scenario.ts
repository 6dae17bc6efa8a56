/** What the test of the screens does: commands in their order, each on what those before have left. Data only. */
import type { Keystroke } from './terminal.ts';

/** One command, and what is tried of it after `--help`. */
export interface Command {
  readonly name: string;
  readonly lines: readonly string[];
  readonly keystrokes?: readonly Keystroke[];
  /** Its figures differ from run to run. */
  readonly isMeasuring?: boolean;
}

/** Publishes until the command that runs beside it has ended. */
const publishUntilEnd =
  'while kill -0 $! 2>/dev/null; do puka publish -e events -k order.new --body new >/dev/null 2>&1; done; wait';

export const commands: readonly Command[] = [
  {
    name: 'declare',
    lines: [
      'puka declare queue jobs',
      'puka declare queue done --arg x-max-length:=100',
      'puka declare exchange events --type topic',
      'puka declare queue jobs --passive --json',
      'puka declare queue missing --passive',
      'puka declare queue jobs --transient',
    ],
  },
  { name: 'bind', lines: ["puka bind events jobs -k 'order.*'", 'puka bind missing jobs'] },
  {
    name: 'publish',
    lines: [
      'puka publish -q jobs --body hello --message-id 1 --type mail',
      "printf 'one\\ntwo\\n' | puka publish -q jobs",
      'puka publish -q jobs --body hello --json',
      'puka publish -q missing --body hello',
      'puka publish --body hello',
    ],
  },
  { name: 'get', lines: ['puka get jobs -n 2', 'puka get jobs --json', 'puka get done'] },
  { name: 'consume', lines: ['puka consume jobs -n 1', 'puka consume missing'] },
  { name: 'tail', lines: [`puka tail events -n 1 & ${publishUntilEnd}`, 'puka purge jobs --yes >/dev/null'] },
  {
    name: 'move',
    lines: [
      "printf 'one\\ntwo\\nthree\\n' | puka publish -q jobs --type mail --quiet",
      "puka move jobs done --filter 'type=mail' --dry-run",
      'puka move jobs done',
      'puka move jobs done -n 1 --yes',
    ],
    keystrokes: [
      { at: '[y/N]', press: 'y' },
      { at: /\[y\/N\] y/, press: 'Enter' },
    ],
  },
  {
    name: 'dump',
    lines: ['puka dump done', 'puka dump done --output done.ndjson', 'puka dump done --output done.ndjson'],
  },
  { name: 'restore', lines: ['puka restore done.ndjson -q jobs', 'puka restore missing.ndjson'] },
  {
    name: 'purge',
    lines: ['puka purge jobs', 'puka purge jobs --yes'],
    keystrokes: [
      { at: '[y/N]', press: 'n' },
      { at: /\[y\/N\] n/, press: 'Enter' },
    ],
  },
  {
    name: 'unbind',
    lines: ["puka unbind events jobs -k 'order.*'", 'puka unbind events jobs --yes'],
    keystrokes: [
      { at: '[y/N]', press: 'y' },
      { at: /\[y\/N\] y/, press: 'Enter' },
    ],
  },
  {
    name: 'delete',
    lines: [
      'puka delete queue jobs',
      'puka delete exchange events --yes --json',
      'puka delete queue jobs --if-empty --yes',
    ],
    keystrokes: [
      { at: '[y/N]', press: 'y' },
      { at: /\[y\/N\] y/, press: 'Enter' },
    ],
  },
  { name: 'bench', lines: ['puka bench --seconds 1 --rate 200', 'puka bench --type stream'], isMeasuring: true },
  {
    name: 'broker',
    lines: ['puka broker --port 0', 'puka broker --port x'],
    keystrokes: [
      { at: /q {3}quit\s[\s\S]*q {3}quit/, press: 's' },
      { at: '0 connections, 0 queues', press: 'q' },
    ],
  },
  {
    name: 'proxy',
    lines: ['puka proxy --port 0 --latency 5', 'puka proxy --throttle 0'],
    keystrokes: [
      { at: /q {3}quit\s[\s\S]*q {3}quit/, press: 's' },
      { at: '0 accepted', press: 'r' },
      { at: '0 connections reset', press: 'q' },
    ],
  },
  {
    name: 'relay',
    lines: ['puka relay --port 0 --origin https://shop.example', 'puka relay --origin shop.example'],
    keystrokes: [
      { at: /q {3}quit\s[\s\S]*q {3}quit/, press: 's' },
      { at: '0 accepted', press: 'q' },
    ],
  },
  {
    name: 'doctor',
    lines: [
      'puka doctor',
      'puka doctor amqp://127.0.0.1:1',
      'puka doctor $(echo $AMQP_URL | sed s/guest:guest/guest:wrong/)',
    ],
  },
  { name: 'completion', lines: ['puka completion bash | head -n 3', 'puka completion tcsh'] },
];
