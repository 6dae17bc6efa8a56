import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSource, type SourceOptions } from '../../src/broker/source.ts';
import { BrokerUnavailable } from '../../src/broker/types.ts';
import { type FakeMachine, fakeMachine, serverFiles } from './fake-commands.ts';

let machine: FakeMachine;
let options: SourceOptions;

beforeEach(async () => {
  machine = await fakeMachine();
  options = {
    env: machine.env,
    lockFile: join(machine.folder, 'lock'),
    policyFile: join(machine.folder, 'policy-rc.d'),
    search: { path: join(machine.folder, 'server'), folders: [], chosen: '' },
  };
});
afterEach(() => machine.remove());

describe('findSource', () => {
  it('takes the server that is installed, without a word to apt or docker', async () => {
    await promisify(execFile)('sh', ['-c', serverFiles(join(machine.folder, 'server'))]);
    await machine.command('apt-get', 'exit 1');
    await machine.command('docker', 'exit 1');
    expect(await findSource(options)).toMatchObject({ type: 'installed' });
    expect(await machine.calls()).toEqual([]);
  });

  it('installs by apt before it thinks of docker', async () => {
    await machine.command('sudo', 'shift\nexec "$@"');
    await machine.command('apt-get', `[ "$1" = install ] && { ${serverFiles(join(machine.folder, 'server'))}\n}; true`);
    await machine.command('docker', 'echo 28.0');
    expect(await findSource(options)).toMatchObject({ type: 'installed' });
  });

  it('takes docker where apt is not there or fails', async () => {
    await machine.command('docker', 'echo 28.0');
    expect(await findSource(options)).toEqual({ type: 'docker', command: 'docker' });
    await machine.command('sudo', 'shift\nexec "$@"');
    await machine.command('apt-get', 'exit 1');
    expect(await findSource(options)).toEqual({ type: 'docker', command: 'docker' });
  });

  it('reports what was tried and what to do when there is nothing', async () => {
    await machine.command('docker', 'echo; exit 1'); // a client without an engine
    const finding = findSource(options);
    await expect(finding).rejects.toThrow(BrokerUnavailable);
    await expect(finding).rejects.toThrow(/not installed; it can not be installed here .*; no docker engine answers/);
    await expect(finding).rejects.toThrow(/set AMQP_URL/);
  });

  it('names the complaint of apt when nothing else helps', async () => {
    await machine.command('sudo', 'shift\nexec "$@"');
    await machine.command('apt-get', 'echo "E: broken lists" >&2; exit 100');
    await expect(findSource(options)).rejects.toThrow(/apt could not install it[\s\S]*E: broken lists/);
  });

  it('neither installs nor runs docker when told not to', async () => {
    await machine.command('apt-get', 'exit 0');
    await machine.command('docker', 'echo 28.0');
    await expect(findSource({ ...options, provision: false })).rejects.toThrow(/does not allow installing anything/);
    expect(await machine.calls()).toEqual([]);
  });
});
