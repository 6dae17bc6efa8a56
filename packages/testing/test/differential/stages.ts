/** Makes both brokers ready for programs: a vhost of their own, and the user `limited`. Must not run programs. */
import { startBroker } from '@puka/testing';
import type { Broker } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import { limitedPatterns, limitedTopics } from './names.ts';
import type { Stage } from './seat.ts';

const vhost = 'duel';
const limited = 'limited';

/** RabbitMQ. */
export async function realStage(rabbit: Broker): Promise<Stage> {
  await rabbit.addVhost(vhost);
  await rabbit.addUser(limited, limited, { vhost });
  await rabbit.setPermissions(limited, { vhost, ...limitedPatterns });
  const { exchange, write, read } = limitedTopics;
  await rabbit.ctl('set_topic_permissions', '-p', vhost, limited, exchange, write, read);
  return { connector: nodeConnector, port: rabbit.port, vhost };
}

/** The embedded broker. */
export async function embeddedStage(): Promise<Stage & { stop(): Promise<void> }> {
  const broker = await startBroker();
  broker.addVhost(vhost);
  broker.addUser(limited, limited, { vhosts: [vhost] });
  broker.setPermissions(limited, { vhost, ...limitedPatterns });
  const { exchange, write, read } = limitedTopics;
  broker.setTopicPermissions(limited, exchange, { vhost, write, read });
  return { connector: nodeConnector, port: broker.port, vhost, stop: () => broker.stop() };
}
