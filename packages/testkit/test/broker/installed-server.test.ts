import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInstalledServer as findServer, type SearchOptions } from '../../src/broker/installed-server.ts';
import { BrokerUnavailable } from '../../src/broker/types.ts';
import { type FakeMachine, fakeMachine } from './fake-commands.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

/** The server that the run of these tests was set to take. */
const findInstalledServer = (options: SearchOptions) => findServer({ chosen: '', ...options });

async function put(folder: string, ...names: readonly string[]): Promise<string> {
  const path = join(machine.folder, folder);
  await mkdir(path, { recursive: true });
  for (const name of names) await writeFile(join(path, name), '');
  return path;
}

describe('findInstalledServer', () => {
  it('finds the real scripts behind the wrapper that Debian puts on the search path', async () => {
    const real = await put('lib', 'rabbitmq-script-wrapper', 'rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env');
    const path = await put('sbin', 'erl', 'epmd', 'erl_call');
    await symlink(join(real, 'rabbitmq-script-wrapper'), join(path, 'rabbitmq-server'));
    expect(findInstalledServer({ path, folders: [] })).toEqual({
      scripts: real,
      epmd: join(path, 'epmd'),
      erlCall: join(path, 'erl_call'),
    });
  });

  it('finds the tools of Erlang beside the real erl', async () => {
    const scripts = await put('server', 'rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env');
    const bin = await put('erlang/bin', 'erl');
    const erts = await put('erlang/erts-15.0/bin', 'epmd');
    const found = findInstalledServer({ path: [scripts, bin].join(delimiter), folders: [] });
    expect(found).toEqual({ scripts, epmd: join(erts, 'epmd'), erlCall: undefined });
  });

  it('asks the usual folders after the search path', async () => {
    const folder = await put('usual', 'rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'erl', 'epmd');
    expect(findInstalledServer({ path: '', folders: [folder] })?.scripts).toBe(folder);
  });

  it.each([
    ['the server', ['erl', 'epmd']],
    ['Erlang', ['rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'epmd']],
    ['its port mapper', ['rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'erl']],
    ['rabbitmqctl', ['rabbitmq-server', 'rabbitmq-env', 'erl', 'epmd']],
  ])('finds nothing where %s is missing', async (_, names) => {
    const path = await put('some', ...names);
    expect(findInstalledServer({ path, folders: [] })).toBeUndefined();
  });
});

describe('a server that was named', () => {
  it('is taken in spite of another on the search path, as the scripts lie there', async () => {
    const other = await put('other', 'rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'erl', 'epmd', 'erl_call');
    const chosen = await put('named', 'rabbitmq-server', 'rabbitmqctl', 'epmd', 'erl_call');
    expect(findServer({ path: other, folders: [], chosen })).toEqual({
      scripts: chosen,
      epmd: join(chosen, 'epmd'),
      erlCall: join(chosen, 'erl_call'),
    });
  });

  it("has Erlang's tools from the search path where it brings none", async () => {
    const path = await put('erlang/bin', 'erl');
    const erts = await put('erlang/erts-15.0/bin', 'epmd');
    const chosen = await put('named', 'rabbitmq-server', 'rabbitmqctl');
    expect(findServer({ path, folders: [], chosen })).toEqual({
      scripts: chosen,
      epmd: join(erts, 'epmd'),
      erlCall: undefined,
    });
  });

  it('is not replaced by another where it is not whole: the error names what is missing', async () => {
    const path = await put('other', 'rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env', 'erl');
    const chosen = await put('named', 'rabbitmq-server');
    const find = () => findServer({ path, folders: [], chosen });
    expect(find).toThrow(BrokerUnavailable);
    expect(find).toThrow(/PUKA_RABBITMQ_SERVER names .*named, which lacks rabbitmqctl, Erlang's epmd/);
  });
});
