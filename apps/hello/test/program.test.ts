// The program as npm start runs it: what it prints, and its exit code.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { refusedPort } from '@puka/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

const app = resolve(fileURLToPath(import.meta.url), '../..');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Its standard output is a pipe. */
function start(words: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { AMQP_URL: _, FORCE_COLOR: __, ...inherited } = process.env;
  return new Promise((done) => {
    const env = { ...inherited, INIT_CWD: folder, ...variables };
    const child = execFile(
      process.execPath,
      ['dist/index.js', ...words],
      { cwd: app, env },
      (_error, stdout, stderr) => {
        done({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

let folder = '';
beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: app });
  folder = mkdtempSync(join(tmpdir(), 'puka-hello-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  {
    what: 'a last line without its end, of bytes that are no text',
    bytes: Buffer.from([0x61, 0x0a, 0xff, 0x00, 0x0d]),
  },
  { what: 'nothing', bytes: Buffer.alloc(0) },
])('prints the checksum that sha256sum prints: $what', async ({ bytes }) => {
  writeFileSync(join(folder, 'file'), bytes);
  const { code, stdout, stderr } = await start(['file']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const checksum = createHash('sha256').update(bytes).digest('hex');
  expect(stdout.match(/checksum .*/g)).toEqual([`checksum sent     ${checksum}`, `checksum received ${checksum}`]);
});

it('sends the README of the workspace by itself, and ends with the last state', async () => {
  const { code, stdout } = await start([]);
  const lineCount = readFileSync(resolve(app, '../../README.md'), 'utf8').trimEnd().split('\n').length;
  expect(stdout).toMatch(new RegExp(`\\[#+\\] ${lineCount} confirmed by the broker`));
  expect(stdout).toMatch(new RegExp(`\\[#+\\] ${lineCount} received and acked`));
  expect(stdout).toMatch(/^half of the lines are here: both connections are cut now$/m);
  expect(stdout).toMatch(/^the consumer is back after \d+ ms, consuming again$/m);
  expect(stdout).toMatch(/; [1-9]\d* came twice and were dropped$/m);
  expect(stdout).toMatch(/^they match$/m);
  expect(stdout).not.toContain('\u001b');
  expect(code).toBe(0);
});

it('answers --help', async () => {
  const { code, stdout, stderr } = await start(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: npm start/);
});

it.each([
  {
    what: 'a file that is not there',
    words: ['missing.txt'],
    line: /^hello: cannot read .*missing\.txt: there is no such file$/,
  },
  { what: 'a folder', words: ['.'], line: /^hello: cannot read .*: it is a folder$/ },
  {
    what: 'an unknown option',
    words: ['--colour'],
    line: /^hello: there is no option '--colour'; see npm start -- --help$/,
  },
])('prints in one line what is wrong, with exit code 2: $what', async ({ words, line }) => {
  const { code, stderr } = await start(words);
  expect(stderr.split('\n')).toEqual([expect.stringMatching(line), '']);
  expect(code).toBe(2);
});

it('prints in one line that AMQP_URL is not an AMQP URL, with exit code 2', async () => {
  const { code, stderr } = await start([], { AMQP_URL: 'http://localhost' });
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^hello: AMQP_URL is not a url of the form/);
  expect({ code, hasStack: /\n\s+at /.test(stderr) }).toEqual({ code: 2, hasStack: false });
});

it('prints in one line that nothing listens at AMQP_URL, with exit code 2', async () => {
  const port = await refusedPort();
  const { code, stderr } = await start([], { AMQP_URL: `amqp://guest:secret@127.0.0.1:${port}` });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(
    /^hello: AMQP_URL names a broker at 127\.0\.0\.1:\d+ that does not answer \(.*ECONNREFUSED/,
  );
  expect(lines.filter((line) => line.startsWith('hello:'))).toHaveLength(1);
  expect(stderr).not.toMatch(/\n\s+at |secret/);
  expect(code).toBe(2);
});

it('prints what it waits for while a broker is silent, then ends with exit code 2', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  try {
    const { code, stderr } = await start([], { AMQP_URL: `amqp://127.0.0.1:${port}` });
    expect(stderr).toMatch(/^asking the broker of AMQP_URL for its version\n.*\(1 s\)\n.*\(2 s\)\n/);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^hello: AMQP_URL names a broker at .* that does not answer/);
    expect(code).toBe(2);
  } finally {
    silent.close();
  }
});
