import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AptInstallOptions, aptInstall, mayInstallByApt } from '../../src/broker/apt-install.ts';
import { type FakeMachine, fakeMachine, serverFiles } from './fake-commands.ts';

let machine: FakeMachine;
let options: AptInstallOptions;

beforeEach(async () => {
  machine = await fakeMachine();
  await machine.command('sudo', 'shift\nexec "$@"'); // sudo -n command …
  options = {
    env: machine.env,
    lockFile: join(machine.folder, 'lock'),
    policyFile: join(machine.folder, 'policy-rc.d'),
    search: { path: join(machine.folder, 'server'), folders: [], chosen: '' },
  };
});
afterEach(() => machine.remove());

/** An apt-get that installs, and keeps a copy of the policy that was in force. */
const aptThatWorks = (): string => `
  if [ "$1" = install ]; then
    cp '${join(machine.folder, 'policy-rc.d')}' '${join(machine.folder, 'policy-seen')}'
    ${serverFiles(join(machine.folder, 'server'))}
  fi`;

async function aptCalls(): Promise<string[]> {
  return (await machine.calls()).filter((call) => call.startsWith('apt-get'));
}

describe('aptInstall', () => {
  it('updates the lists, installs the package and reports where the server is', async () => {
    await machine.command('apt-get', aptThatWorks());
    const server = await aptInstall(options);
    expect(server.scripts).toBe(join(machine.folder, 'server'));
    const calls = await aptCalls();
    expect(calls[0]).toMatch(/^apt-get update/);
    expect(calls[1]).toMatch(/^apt-get install -y .*rabbitmq-server$/);
  });

  it('forbids the start of services while it installs, and only then', async () => {
    await machine.command('apt-get', aptThatWorks());
    await aptInstall(options);
    expect(await readFile(join(machine.folder, 'policy-seen'), 'utf8')).toBe('#!/bin/sh\nexit 101\n');
    expect(existsSync(join(machine.folder, 'policy-rc.d'))).toBe(false);
  });

  it('leaves a policy that is there as it is', async () => {
    await machine.command('apt-get', aptThatWorks());
    await writeFile(join(machine.folder, 'policy-rc.d'), 'mine');
    await aptInstall(options);
    expect(await readFile(join(machine.folder, 'policy-rc.d'), 'utf8')).toBe('mine');
  });

  it('installs when the lists can not be updated', async () => {
    await machine.command('apt-get', `[ "$1" = update ] && exit 100\n${aptThatWorks()}`);
    await expect(aptInstall(options)).resolves.toBeDefined();
  });

  it('installs once when it is wanted twice at the same time', async () => {
    const isAwaited = join(machine.folder, 'awaited');
    // It goes on when the other one has come to wait for it.
    await machine.command('apt-get', `while [ ! -e '${isAwaited}' ]; do sleep 0.01; done\n${aptThatWorks()}`);
    const texts: string[] = [];
    const onProgress = (text: string): void => {
      texts.push(text);
      if (text.includes('waiting for it')) writeFileSync(isAwaited, '');
    };
    const servers = await Promise.all([aptInstall({ ...options, onProgress }), aptInstall({ ...options, onProgress })]);
    expect(servers[0]).toEqual(servers[1]);
    expect(await aptCalls()).toHaveLength(2);
    expect(texts.toSorted()).toEqual([
      'another process is installing rabbitmq-server; waiting for it',
      'installing rabbitmq-server by apt, which takes a minute',
    ]);
  });

  it('takes the lock of a process that is gone', async () => {
    await machine.command('apt-get', aptThatWorks());
    await writeFile(join(machine.folder, 'lock'), '4194305'); // above the highest process id of Linux
    await expect(aptInstall(options)).resolves.toBeDefined();
    expect(existsSync(join(machine.folder, 'lock'))).toBe(false);
  });

  it('rejects with what apt complains of, and gives the lock and the policy back', async () => {
    await machine.command('apt-get', '[ "$1" = install ] && { echo "E: no such package" >&2; exit 100; }; true');
    await expect(aptInstall(options)).rejects.toThrow(/E: no such package/);
    expect(existsSync(join(machine.folder, 'lock'))).toBe(false);
    expect(existsSync(join(machine.folder, 'policy-rc.d'))).toBe(false);
  });

  it('rejects when the scripts are not there after all', async () => {
    await machine.command('apt-get', 'exit 0');
    await expect(aptInstall(options)).rejects.toThrow(/not where they were expected/);
  });
});

describe('mayInstallByApt', () => {
  it('says no where there is no apt', async () => {
    expect(await mayInstallByApt(machine.env)).toBe(false);
  });

  it('says yes where there is apt and a way to be root', async () => {
    await machine.command('apt-get', 'exit 0');
    expect(await mayInstallByApt(machine.env)).toBe(true);
  });

  it('does not take a folder on the search path for the command', async () => {
    await mkdir(join(machine.folder, 'empty'));
    expect(await mayInstallByApt({ PATH: `${join(machine.folder, 'empty')}:` })).toBe(false);
  });
});
