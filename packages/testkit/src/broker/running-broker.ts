// The broker a test holds: a node process, its addresses, and what a test does with it by rabbitmqctl.
// It must not know how the node is run; that is the node process's.

import type { NodePorts } from './configuration.ts';
import type { NodeProcess } from './node-process.ts';
import { probeBroker } from './probe.ts';
import { type Broker, BrokerUnavailable, type QueueReport, type UrlParts } from './types.ts';

const probeIntervalMs = 25;
const loopback = '127.0.0.1';
const defaultWatermark = '0.4'; // RabbitMQ: vm_memory_high_watermark

/** A node with its addresses. Made by `launchBroker`, which starts it before anyone sees it. */
export class RunningBroker implements Broker {
  readonly host: string = loopback;
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly managementPort: number | undefined;
  readonly #node: NodeProcess;
  readonly #startTimeoutMs: number;
  readonly #releasePorts: () => void;
  #version = 'unknown';
  #stopped: Promise<void> | undefined;

  /** @param releasePorts called when the node is gone for good. */
  constructor(node: NodeProcess, ports: NodePorts, startTimeoutMs: number, releasePorts: () => void) {
    this.#node = node;
    this.#startTimeoutMs = startTimeoutMs;
    this.#releasePorts = releasePorts;
    this.port = ports.amqp;
    this.tlsPort = ports.tls;
    this.managementPort = ports.management;
  }

  /** Its process, for the launcher. */
  get process(): NodeProcess {
    return this.#node;
  }
  get kind(): 'installed' | 'docker' {
    return this.#node.kind;
  }
  get nodeName(): string {
    return this.#node.nodeName;
  }
  get folder(): string {
    return this.#node.folder;
  }
  get pid(): number | undefined {
    return this.#node.pid;
  }
  get version(): string {
    return this.#version;
  }
  get url(): string {
    return this.urlFor({});
  }
  get tlsUrl(): string | undefined {
    return this.tlsPort === undefined ? undefined : this.urlFor({ tls: true });
  }

  urlFor({ user = 'guest', password = 'guest', vhost = '/', tls = false }: UrlParts): string {
    if (tls && this.tlsPort === undefined) throw new Error('this node was launched without tls');
    const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    const address = `${this.host}:${tls ? this.tlsPort : this.port}`;
    return `${tls ? 'amqps' : 'amqp'}://${login}@${address}/${encodeURIComponent(vhost)}`;
  }

  /** Starts the node and waits until it answers. */
  async start(): Promise<void> {
    await this.#node.start();
    const end = this.#node.ended.then((how) => ({ how }));
    const deadline = performance.now() + this.#startTimeoutMs;
    let lastReason = 'it was not asked yet';
    while (performance.now() < deadline) {
      const outcome = await Promise.race([end, this.#probe()]);
      if ('version' in outcome) {
        this.#version = outcome.version;
        return;
      }
      if ('how' in outcome)
        throw new BrokerUnavailable(`RabbitMQ did not start: ${outcome.how}\n${await this.#logExtract()}`);
      lastReason = outcome.reason;
      await new Promise((resolve) => setTimeout(resolve, probeIntervalMs));
    }
    throw new BrokerUnavailable(
      `RabbitMQ did not answer within ${this.#startTimeoutMs} ms: ${lastReason}\n${await this.#logExtract()}`,
    );
  }

  async #probe(): Promise<{ readonly version: string } | { readonly reason: string }> {
    try {
      const { version } = await probeBroker({ host: this.host, port: this.port });
      // It listens before its start is complete, and rabbitmqctl refuses to do anything until then.
      if ((await this.evaluate('rabbit:is_running()')) !== 'true')
        return { reason: 'it answers, and is still starting' };
      return { version };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The lines of the log with the reason why a start failed: the first errors, or the last lines if there is no error. */
  async #logExtract(): Promise<string> {
    const lines = (await this.log().catch(() => '')).trimEnd().split('\n');
    const errors = lines.filter((line) => /\[(error|critical)\]|^ERROR|^BOOT FAILED/.test(line));
    return (errors.length > 0 ? errors.slice(0, 15) : lines.slice(-15)).join('\n');
  }

  log(): Promise<string> {
    return this.#node.log();
  }

  async ctl(...args: readonly string[]): Promise<string> {
    return (await this.#node.ctl(args)).trim();
  }

  async evaluate(expression: string): Promise<string> {
    return (await this.#node.evaluate(expression)).trim();
  }

  kill(): Promise<void> {
    return this.#node.kill();
  }

  shutdown(): Promise<void> {
    return this.#node.terminate();
  }

  async restart(): Promise<void> {
    if (this.#stopped !== undefined)
      throw new Error(
        'a stopped broker can not be started again: its data is gone; use shutdown() or kill() before restart()',
      );
    await this.shutdown();
    await this.start();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#node
      .dispose()
      .finally(() => this.#node.watchdog.release())
      .finally(() => this.#releasePorts());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async addUser(
    user: string,
    password: string,
    options: { readonly vhost?: string; readonly tags?: readonly string[] } = {},
  ): Promise<void> {
    const { vhost = '/', tags = [] } = options;
    await this.define({
      users: [{ name: user, password, tags: tags.join(',') }],
      permissions: [permissionOf(user, vhost)],
    });
  }

  async addVhost(vhost: string, { user = 'guest' }: { readonly user?: string } = {}): Promise<void> {
    await this.define({ vhosts: [{ name: vhost }], permissions: [permissionOf(user, vhost)] });
  }

  async setPermissions(
    user: string,
    options: {
      readonly vhost?: string;
      readonly configure?: string;
      readonly write?: string;
      readonly read?: string;
    } = {},
  ): Promise<void> {
    const { vhost = '/', ...patterns } = options;
    await this.define({ permissions: [{ ...permissionOf(user, vhost), ...patterns }] });
  }

  async define(definitions: object): Promise<void> {
    const text = Buffer.from(JSON.stringify(definitions)).toString('base64');
    const outcome = await this.evaluate(`rabbit_definitions:import_raw(base64:decode("${text}"))`);
    if (outcome !== 'ok') throw new Error(`RabbitMQ does not take the definitions: ${outcome}`);
  }

  async listQueues(vhost = '/'): Promise<QueueReport[]> {
    const columns = ['name', 'messages', 'consumers', 'durable', 'type'];
    const rows: unknown = JSON.parse(
      await this.ctl('--quiet', '--formatter', 'json', 'list_queues', '-p', vhost, ...columns),
    );
    return Array.isArray(rows) ? rows.map(queueReport) : [];
  }

  async closeAllConnections(reason = 'closed by a test'): Promise<void> {
    // Does what `ctl close_all_connections` does, ten times faster. Without `catch`, a connection that ends meanwhile would fail the call.
    const text = Buffer.from(reason).toString('base64');
    await this.evaluate(
      `Why = base64:decode_to_string("${text}"), ` +
        '[catch rabbit_networking:close_connection(Pid, Why) || Pid <- rabbit_networking:connections()], ok',
    );
  }

  async setMemoryAlarm(state: 'on' | 'off'): Promise<void> {
    const watermark = state === 'on' ? '0.0' : defaultWatermark;
    // As `ctl set_vm_memory_high_watermark` does, in a tenth of its time. What is requested about the alarms comes after it: each
    // connection knows of the alarm by then, and a publish sent afterwards cannot be before it.
    await this.evaluate(`vm_memory_monitor:set_vm_memory_high_watermark(${watermark}), rabbit_alarm:get_alarms()`);
  }
}

/** All of a virtual host. */
function permissionOf(user: string, vhost: string): Readonly<Record<string, string>> {
  return { user, vhost, configure: '.*', write: '.*', read: '.*' };
}

function queueReport(row: unknown): QueueReport {
  const members = new Map<string, unknown>(typeof row === 'object' && row !== null ? Object.entries(row) : []);
  return {
    name: String(members.get('name')),
    messages: Number(members.get('messages')),
    consumers: Number(members.get('consumers')),
    durable: members.get('durable') === true,
    type: String(members.get('type')),
  };
}
