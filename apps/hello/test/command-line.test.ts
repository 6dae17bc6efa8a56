import { expect, it } from 'vitest';
import { CannotStart, readCommandLine } from '../src/command-line.ts';

it('reads the command line', () => {
  expect(readCommandLine([])).toEqual({ file: undefined, wantsRabbitmq: false, wantsHelp: false });
  expect(readCommandLine(['a.txt'])).toEqual({ file: 'a.txt', wantsRabbitmq: false, wantsHelp: false });
  expect(readCommandLine(['--rabbitmq', 'a.txt'])).toMatchObject({ file: 'a.txt', wantsRabbitmq: true });
  expect(readCommandLine(['--', '--a'])).toMatchObject({ file: '--a' });
  expect(readCommandLine(['-h'])).toMatchObject({ wantsHelp: true });
});

it.each([
  { words: ['--rabbit'], message: "there is no option '--rabbit'; see npm start -- --help" },
  { words: ['a', '--rabbitmq', '-x'], message: "there is no option '-x'; see npm start -- --help" },
  { words: ['--rabbitmq=yes'], message: "there is no option '--rabbitmq=yes'; see npm start -- --help" },
  { words: ['a', 'b'], message: "one file at a time: 'b' is the second; see npm start -- --help" },
])('refuses $words', ({ words, message }) => {
  expect(() => readCommandLine(words)).toThrow(new CannotStart(message));
});
