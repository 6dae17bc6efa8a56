import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { run } from './harness.ts';

const names = [
  ...['publish', 'consume', 'get', 'tail', 'declare', 'delete', 'bind', 'unbind', 'purge'],
  ...['move', 'dump', 'restore', 'bench', 'broker', 'proxy', 'relay', 'doctor', 'completion'],
];

describe('puka', () => {
  test('lists its commands', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe('done');
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  test.each(names)('%s has help with examples, and --url and --json', async (name) => {
    const { code, stdout } = await run([name, '--help']);
    expect(code).toBe('done');
    expect(stdout).toContain('Examples:\n');
    expect(stdout).toContain('--url <url>');
    expect(stdout).toContain('--json');
    expect(stdout).not.toMatch(/default: *(?:\[|"|\))/);
  });

  test('has a version', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 'done',
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test.each([
    ['an unknown command', ['pubish'], '(Did you mean publish?)'],
    ['an unknown option', ['get', 'jobs', '--jsn'], '(Did you mean --json?)'],
    ['a missing argument', ['get'], "missing required argument 'queue'"],
    ['a number that is none', ['get', 'jobs', '-n', 'x'], '--count takes a whole number'],
  ])('names %s', async (_what, words, text) => {
    const { code, stderr } = await run(words);
    expect(code).toBe('usage');
    expect(stderr).toContain(text);
  });

  test('reports that no broker answers, without the password', async () => {
    const url = 'amqp://guest:secret@127.0.0.1:1';
    const plain = await run(['get', 'jobs', '--url', url]);
    expect(plain.code).toBe('noConnection');
    expect(plain.stderr).toMatch(/^puka: /);
    const json = await run(['get', 'jobs', '--url', url, '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'CONNECTION_BROKEN' } });
    expect(plain.stderr + json.stderr).not.toContain('secret');
  });
});

describe('puka completion', () => {
  test.each(['bash', 'zsh', 'fish'])('knows every command in %s', async (shell) => {
    const { code, stdout } = await run(['completion', shell]);
    expect(code).toBe('done');
    for (const name of names) expect(stdout).toContain(name);
    expect(stdout).toContain('dry-run');
  });

  test('completes in bash', async () => {
    const { stdout } = await run(['completion', 'bash']);
    const complete = (...words: string[]) => {
      const program = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _puka; echo "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', program], { encoding: 'utf8' }).trim();
    };
    expect(complete('puka', 'pu')).toBe('publish purge');
    expect(complete('puka', 'move', 'a', 'b', '--dr')).toBe('--dry-run --drop-user-id');
  });

  test('knows three shells', async () => {
    expect(await run(['completion', 'tcsh'])).toMatchObject({ code: 'usage' });
  });
});
