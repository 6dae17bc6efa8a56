import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPortTaken } from '../../src/broker/free-port.ts';
import { type Broker, BrokerUnavailable, launchBroker, probeBroker } from '../../src/broker/index.ts';
import { makeCertificates } from '../../src/transport-contract/index.ts';
import { waitFor } from '../../src/wait-for.ts';
import { commandOf, isRunning, loopbackListenersOnly, processesNaming } from './processes.ts';

/** For an answer that is to come, on a busy machine too. */
const timeoutMs = 60_000;

describe('two nodes side by side', () => {
  let first: Broker;
  let second: Broker;

  beforeAll(async () => {
    [first, second] = await Promise.all([
      launchBroker(),
      launchBroker({ config: { heartbeat: 17, default_vhost: 'other' } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
  });

  it('answer on ports of their own and tell the same version', async () => {
    expect(first.port).not.toBe(second.port);
    const answers = await Promise.all([first, second].map(({ host, port }) => probeBroker({ host, port, timeoutMs })));
    expect(answers.map((answer) => answer.product)).toEqual(['RabbitMQ', 'RabbitMQ']);
    expect(answers.map((answer) => answer.version)).toEqual([first.version, second.version]);
    expect(first.version).toMatch(/^\d+\.\d+/);
  });

  it('are distinguished by ctl', async () => {
    expect(await first.ctl('eval', 'node().')).toBe(`'${first.nodeName}'`);
    expect(await second.ctl('eval', 'node().')).toBe(`'${second.nodeName}'`);
  });

  it('take their own configuration', async () => {
    expect(await second.evaluate('application:get_env(rabbit, heartbeat)')).toBe('{ok,17}');
    expect(await first.evaluate('application:get_env(rabbit, heartbeat)')).not.toBe('{ok,17}');
    expect(await second.ctl('--quiet', 'list_vhosts')).toBe('name\nother');
  });

  it('have loaded their modules before they booted, each from its own place', async () => {
    expect(Number(await first.evaluate('persistent_term:get(puka_modules_loaded_before_boot, 0)'))).toBeGreaterThan(
      100,
    );
    expect(
      await first.evaluate('code:which(rabbit) =:= filename:join(code:lib_dir(rabbit, ebin), "rabbit.beam")'),
    ).toBe('true');
  });

  it('listen on the loopback address alone', () => {
    expect(loopbackListenersOnly(first.pid)).toBe(true);
    expect(loopbackListenersOnly(second.pid)).toBe(true);
  });

  it('return any text an evaluation yields', async () => {
    expect(await first.evaluate('{[$a, 8364], <<"x\\"y">>, 1.5}.')).toBe('{[97,8364],<<"x\\"y">>,1.5}');
  });

  it('reach each other, as nodes of a cluster do, where one was launched beside the other', async () => {
    await using neighbour = await launchBroker({ beside: first });
    expect(await neighbour.evaluate(`net_adm:ping('${first.nodeName}')`)).toBe('pong');
    expect(await first.evaluate(`net_adm:ping('${second.nodeName}')`)).toBe('pang');
    await neighbour.restart();
    expect(await first.evaluate(`net_adm:ping('${neighbour.nodeName}')`)).toBe('pong');
  });

  it('evaluate side by side', async () => {
    const each = Array.from({ length: 8 }, (_, index) => first.evaluate(`begin timer:sleep(100), ${index} end`));
    expect(await Promise.all(each)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('reject a ctl command with its complaint', async () => {
    await expect(first.ctl('delete_user', 'nobody')).rejects.toThrow(/nobody/);
    await expect(first.evaluate('error(badness)')).rejects.toThrow(/badness/);
  });

  it('name user and virtual host in a url', async () => {
    await first.addVhost('a/b');
    await first.addUser('mar ta', 'p@ss', { vhost: 'a/b', tags: ['monitoring'] });
    const url = first.urlFor({ user: 'mar ta', password: 'p@ss', vhost: 'a/b' });
    expect(url).toBe(`amqp://mar%20ta:p%40ss@127.0.0.1:${first.port}/a%2Fb`);
    expect(await first.ctl('--quiet', 'list_permissions', '-p', 'a/b')).toMatch(/mar ta\t\.\*\t\.\*\t\.\*/);
    await first.setPermissions('mar ta', { vhost: 'a/b', write: '' });
    expect(await first.ctl('--quiet', 'list_permissions', '-p', 'a/b')).toMatch(/mar ta\t\.\*\t\t\.\*/);
  });

  it('close all connections, even if one ends by itself meanwhile', async () => {
    await first.evaluate('pg_local:join(rabbit_connections, spawn(fun() -> receive _ -> ok end end)), pg_local:sync()');
    await first.closeAllConnections();
    expect(await first.evaluate('length(rabbit_networking:connections())')).toBe('0');
  });

  it('raise and clear the memory alarm', async () => {
    await first.setMemoryAlarm('on');
    await waitFor(async () => (await first.evaluate('rabbit_alarm:get_alarms()')).includes('memory'));
    await first.setMemoryAlarm('off');
    await waitFor(async () => (await first.evaluate('rabbit_alarm:get_alarms()')) === '[]');
  });

  it('refuse tls where none was asked for', () => {
    expect(first.tlsUrl).toBeUndefined();
    expect(() => first.urlFor({ tls: true })).toThrow(/without tls/);
  });
});

/** Where a node starts within a test, it may take as long as one that starts before it. */
const start = { timeout: 120_000 };

describe('a node with tls and the management plugin', start, () => {
  it('answers on ports of its own for both, on the loopback address alone', async () => {
    const { ca, server } = makeCertificates();
    const broker = await launchBroker({
      tls: { cert: server.cert, key: server.key, ca },
      plugins: ['rabbitmq_management'],
    });
    try {
      expect(broker.tlsUrl).toBe(`amqps://guest:guest@127.0.0.1:${broker.tlsPort}/%2F`);
      const target = { host: broker.host, port: broker.tlsPort ?? 0, tls: true, timeoutMs };
      expect((await probeBroker(target)).product).toBe('RabbitMQ');
      const answer = await fetch(`http://127.0.0.1:${broker.managementPort}/api/overview`);
      expect(answer.status).toBe(401);
      expect(loopbackListenersOnly(broker.pid)).toBe(true);
    } finally {
      await broker.stop();
    }
  });
});

describe('a node that goes down', start, () => {
  let broker: Broker;
  const declare = (name: string): string =>
    `rabbit_amqqueue:declare(rabbit_misc:r(<<"/">>, queue, <<"${name}">>), true, false, [], none, <<"test">>)`;

  beforeAll(async () => {
    broker = await launchBroker();
  });
  afterAll(() => broker.stop());

  it('keeps its durable queues and its port over a restart', async () => {
    const { port } = broker;
    await broker.evaluate(declare('kept'));
    await broker.restart();
    expect(broker.port).toBe(port);
    expect((await broker.listQueues()).map((queue) => [queue.name, queue.durable])).toEqual([['kept', true]]);
  });

  it('answers no more after kill, and has its data when restarted', async () => {
    const pid = broker.pid;
    await broker.kill();
    expect(broker.pid).toBeUndefined();
    expect(isRunning(pid)).toBe(false);
    await expect(probeBroker({ host: broker.host, port: broker.port, timeoutMs })).rejects.toThrow(/ECONNREFUSED/);
    await broker.kill();
    await broker.restart();
    expect((await broker.listQueues()).map((queue) => queue.name)).toContain('kept');
  });

  it('ends with its epmd, without which nobody finds it, and comes back with another', async () => {
    const { pid, folder } = broker;
    const [epmd, ...others] = processesNaming(folder).filter((each) => commandOf(each).includes('epmd\0-port'));
    expect(others).toEqual([]);
    process.kill(epmd ?? 0, 'SIGKILL');
    await waitFor(() => !isRunning(pid));
    await broker.restart();
    expect(await broker.evaluate('1 + 1')).toBe('2');
  });

  it('leaves neither process nor folder after stop', async () => {
    const { pid, folder } = broker;
    await broker.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    await broker.stop();
    await expect(broker.restart()).rejects.toThrow(/can not be started again/);
  });
});

describe('a start that fails', start, () => {
  it('is distinguished from others where a port is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = String(typeof address === 'object' ? address?.port : address);
    const complaint: unknown = await launchBroker({ env: { RABBITMQ_DIST_PORT: port } }).catch(
      (error: unknown) => error,
    );
    holder.close();
    expect(complaint).toBeInstanceOf(BrokerUnavailable);
    expect(isPortTaken(String(complaint))).toBe(true);
  });

  it('reports why, from the log of the server', async () => {
    const launching = launchBroker({ config: 'listeners.tcp.1 = nonsense' });
    await expect(launching).rejects.toThrow(BrokerUnavailable);
    await expect(launching).rejects.toThrow(/listeners\.tcp\.1/);
  });

  it('refuses a configuration line that has no value', async () => {
    await expect(launchBroker({ config: ['heartbeat'] })).rejects.toThrow(/"key = value", not "heartbeat"/);
  });
});
