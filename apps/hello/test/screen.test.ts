import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drawPicture } from '../src/picture.ts';
import { Screen } from '../src/screen.ts';
import { Terminal } from './terminal.ts';

const plain = new PassThrough();
const start = { total: 5000, sent: 0, confirmed: 0, received: 0 };
const end = { total: 5000, sent: 5000, confirmed: 5000, received: 5000 };

beforeEach(() => {
  vi.useFakeTimers();
  // With colours: they must not count as characters.
  for (const name of ['NO_COLOR', 'NODE_DISABLE_COLORS', 'FORCE_COLOR', 'CI']) vi.stubEnv(name, undefined);
  vi.stubEnv('TERM', 'xterm-256color');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Two seconds in which five messages come each two milliseconds. */
function run(screen: Screen): void {
  for (let received = 0; received < 5000; received += 5) {
    screen.show({ total: 5000, sent: Math.min(5000, received * 2), confirmed: received, received });
    vi.advanceTimersByTime(2);
  }
  screen.show(end);
}

describe.each([60, 120])('a terminal of %i columns', (columns) => {
  it('shows one picture at the end, and nothing else', () => {
    const terminal = new Terminal(columns);
    const screen = new Screen(terminal, start);
    run(screen);
    screen.stop();
    screen.stop();
    expect(terminal.screen).toEqual([...drawPicture(end, columns, plain), '']);
  });

  it('is drawn at most 15 times a second', () => {
    const terminal = new Terminal(columns);
    const screen = new Screen(terminal, start);
    run(screen);
    expect(terminal.frames).toBeGreaterThan(10);
    expect(terminal.frames).toBeLessThanOrEqual(30);
    screen.stop();
  });

  it('keeps what was printed above the picture', () => {
    const terminal = new Terminal(columns);
    const screen = new Screen(terminal, start);
    vi.advanceTimersByTime(500);
    screen.say('the connection is lost');
    vi.advanceTimersByTime(500);
    screen.say('it is back');
    screen.show(end);
    screen.stop();
    expect(terminal.screen).toEqual(['the connection is lost', 'it is back', ...drawPicture(end, columns, plain), '']);
  });

  it('is coloured, and gets its cursor back', () => {
    const terminal = new Terminal(columns);
    new Screen(terminal, start).stop();
    expect(terminal.written).toContain('\u001b[32m');
    expect(terminal.written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(terminal.written.lastIndexOf('\u001b[?25l'));
  });
});

it('writes a line a second into a pipe, then the last state, and no escapes', () => {
  const pipe = new PassThrough();
  const screen = new Screen(pipe, start);
  run(screen);
  screen.stop();
  const lines = String(pipe.read()).split('\n');
  expect(lines).toEqual([
    '  sent 4990, confirmed 2495, received 2495 of 5000',
    '  sent 5000, confirmed 4995, received 4995 of 5000',
    ...drawPicture(end, 80, plain),
    '',
  ]);
});
