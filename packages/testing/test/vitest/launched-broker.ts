/** An embedded broker in the clothes of a private RabbitMQ node, for tests that were written for one. Holds no test. */
import type { BrokerOptions, EmbeddedBroker } from '@puka/testing';
import type { Broker, LaunchOptions, QueueReport, UrlParts } from '@puka/testkit';

/** The options of an embedded broker that replace those of a node. @throws for what it does not have. */
export function brokerOptions({ config = {}, plugins = [], tls, advanced }: LaunchOptions): BrokerOptions {
  if (plugins.length > 0 || tls !== undefined || advanced !== undefined || typeof config === 'string') {
    throw new Error('an embedded broker has no plugins, no TLS and no lines of configuration');
  }
  const settings = new Map(Object.entries(config));
  const number = (name: string): number => Number(settings.get(name));
  return {
    ...(settings.has('max_message_size') ? { maxMessageBytes: number('max_message_size') } : {}),
    ...(settings.has('channel_max') ? { channelMax: number('channel_max') } : {}),
    ...(settings.has('consumer_timeout') ? { consumerTimeoutMs: number('consumer_timeout') } : {}),
  };
}

/** The part of RabbitMQ's definitions that an embedded broker takes. */
interface TopicDefinitions {
  readonly topic_permissions?: readonly Readonly<Record<'user' | 'vhost' | 'exchange' | 'write' | 'read', string>>[];
}

/** An embedded broker in the clothes of a private RabbitMQ node, for tests that were written for one. */
export class LaunchedBroker implements Broker {
  readonly host = '127.0.0.1';
  readonly version = '3.10.8';
  readonly nodeName = 'puka@testing';
  readonly kind = 'installed';
  readonly tlsPort = undefined;
  readonly tlsUrl = undefined;
  readonly managementPort = undefined;
  readonly pid = undefined;
  readonly folder = '';
  readonly url: string;
  readonly port: number;
  private readonly broker: EmbeddedBroker;

  constructor(broker: EmbeddedBroker) {
    this.broker = broker;
    this.url = broker.url;
    this.port = broker.port;
  }

  urlFor(parts: UrlParts): string {
    return this.broker.urlFor(parts);
  }

  ctl(): Promise<string> {
    return Promise.reject(new Error('an embedded broker takes no commands'));
  }

  async addUser(...[name, password, options]: Parameters<Broker['addUser']>): Promise<void> {
    const { vhost = '/', tags = [] } = options ?? {};
    this.broker.addUser(name, password, { vhosts: [vhost], tags });
  }

  async addVhost(vhost: string): Promise<void> {
    this.broker.addVhost(vhost);
  }

  async setPermissions(...[user, options]: Parameters<Broker['setPermissions']>): Promise<void> {
    this.broker.setPermissions(user, options);
  }

  async listQueues(vhost = '/'): Promise<QueueReport[]> {
    return this.broker.queues(vhost).map(({ name, ready, unacked, consumers, durable, type }) => ({
      ...{ name, durable, type },
      messages: ready + unacked,
      consumers: consumers.length,
    }));
  }

  async closeAllConnections(reason = 'CLOSED'): Promise<void> {
    this.broker.closeConnections(reason);
  }

  async define({ topic_permissions = [], ...others }: TopicDefinitions): Promise<void> {
    if (Object.keys(others).length > 0)
      throw new Error('an embedded broker takes no definitions but topic_permissions');
    for (const { user, vhost, exchange, write, read } of topic_permissions) {
      this.broker.setTopicPermissions(user, exchange, { vhost, write, read });
    }
  }

  async setMemoryAlarm(state: 'on' | 'off'): Promise<void> {
    if (state === 'on') this.broker.block();
    else this.broker.unblock();
  }

  /** As far as a client sees: what it has ends, and a new line is refused until `restart`. */
  async kill(): Promise<void> {
    this.broker.faults.refuseConnections();
    this.broker.faults.dropConnections();
  }

  async shutdown(): Promise<void> {
    this.broker.faults.refuseConnections();
    this.broker.closeConnections("broker forced connection closure with reason 'shutdown'");
  }

  async restart(): Promise<void> {
    this.broker.restart();
    this.broker.faults.clear();
  }

  stop(): Promise<void> {
    return this.broker.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  log(): Promise<string> {
    return Promise.reject(new Error('an embedded broker keeps no log'));
  }

  evaluate(): Promise<string> {
    return Promise.reject(new Error('an embedded broker evaluates no Erlang'));
  }
}
