import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDockerNode, findDocker } from '../../src/broker/docker-node.ts';
import type { NodeProcess } from '../../src/broker/node-process.ts';
import type { LaunchOptions } from '../../src/broker/types.ts';
import { waitFor } from '../../src/wait-for.ts';
import { type FakeMachine, fakeMachine } from './fake-commands.ts';

let machine: FakeMachine;
let folder: string;

beforeEach(async () => {
  machine = await fakeMachine();
  folder = await mkdtemp(join(machine.folder, 'node-'));
});
afterEach(() => machine.remove());

const containerOf = (node: NodeProcess): string => node.nodeName.replace('@localhost', '');

/** A docker whose `cp` keeps what it is given, and whose container runs. */
async function createNode(options: LaunchOptions = {}): Promise<NodeProcess> {
  await machine.command(
    'docker',
    `case "$1" in
      cp) cp "\${2%/.}"/* '${machine.folder}' ;;
      inspect) echo true ;;
      exec) echo "answer" ;;
    esac`,
  );
  const ports = { amqp: 17001, tls: undefined, management: 17002 };
  return createDockerNode({ command: join(machine.bin, 'docker'), folder, ports, options });
}

describe('a node in docker', () => {
  it('is published on the loopback address, on the same ports inside and outside', async () => {
    const node = await createNode({ env: { MARK: '1' } });
    const [create = ''] = await machine.calls();
    expect(create).toContain(`docker create --name ${containerOf(node)} --hostname localhost`);
    expect(create).toContain('--publish 127.0.0.1:17001:17001 --publish 127.0.0.1:17002:17002');
    expect(create).toContain(`--env RABBITMQ_NODENAME=${node.nodeName}`);
    expect(create).toContain('--env MARK=1');
    await node.watchdog.release();
  });

  it('gets its configuration by copy, with guest let in from outside the container', async () => {
    const node = await createNode({ config: { heartbeat: 7 }, advanced: '[].' });
    const config = await readFile(join(machine.folder, 'rabbitmq.conf'), 'utf8');
    expect(config).toContain('listeners.tcp.1 = 0.0.0.0:17001\n');
    expect(config).toContain('loopback_users = none\n');
    expect(config).toContain('heartbeat = 7\n');
    expect(existsSync(join(machine.folder, 'advanced.config'))).toBe(true);
    await node.watchdog.release();
  });

  it('is started, killed, stopped, asked and removed by docker', async () => {
    const node = await createNode();
    const container = containerOf(node);
    await node.start();
    await node.terminate();
    await node.kill();
    expect(await node.ctl(['status'])).toBe('answer\n');
    await node.evaluate('1 + 1.');
    await node.dispose();
    const calls = (await machine.calls()).slice(2);
    expect(calls).toEqual([
      `docker start ${container}`,
      `docker stop --time 30 ${container}`,
      `docker inspect --format {{.State.Running}} ${container}`,
      `docker kill ${container}`,
      `docker exec ${container} rabbitmqctl -n ${node.nodeName} status`,
      `docker exec ${container} rabbitmqctl -n ${node.nodeName} --quiet eval 1 + 1.`,
      `docker rm -f -v ${container}`,
    ]);
    await node.watchdog.release();
  });

  it('is removed by the watchdog, its folder too', async () => {
    const node = await createNode();
    await node.watchdog.release();
    expect(await machine.calls()).toContain(`docker rm -f -v ${containerOf(node)}`);
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves nothing when it can not be created', async () => {
    await machine.command('docker', '[ "$1" = create ] && { echo "no such image" >&2; exit 1; }; true');
    const ports = { amqp: 17001, tls: undefined, management: undefined };
    const creating = createDockerNode({ command: join(machine.bin, 'docker'), folder, ports, options: {} });
    await expect(creating).rejects.toThrow(/no such image/);
    await waitFor(() => !existsSync(folder));
  });
});

describe('findDocker', () => {
  it('is satisfied by an engine that answers, not by the command alone', async () => {
    expect(await findDocker(machine.env)).toBeUndefined();
    await machine.command('docker', 'echo; echo "no engine" >&2; exit 1');
    expect(await findDocker(machine.env)).toBeUndefined();
    await machine.command('docker', 'echo 28.0');
    expect(await findDocker(machine.env)).toBe('docker');
  });
});
