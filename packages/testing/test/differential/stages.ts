/** Makes both brokers ready for programs: vhosts of their own, and the user `limited`. Must not run programs. */
import { startBroker } from '@puka/testing';
import type { Broker } from '@puka/testkit';
import { nodeConnector } from '@puka/transport/node';
import { limitedPatterns, limitedTopics } from './names.ts';
import type { Stage } from './seat.ts';

const limited = 'limited';

/** Each lane has a vhost of its own: what `amq.fanout` is bound to in one must not be seen in another. */
export function vhostOf(lane: number): string {
  return `duel-${lane}`;
}

/** RabbitMQ, for so many lanes. */
export async function realStages(rabbit: Broker, lanes: number): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const vhost = vhostOf(lane);
    await rabbit.addVhost(vhost);
    if (lane === 0) await rabbit.addUser(limited, limited, { vhost });
    await rabbit.setPermissions(limited, { vhost, ...limitedPatterns });
    const { exchange, write, read } = limitedTopics;
    await rabbit.ctl('set_topic_permissions', '-p', vhost, limited, exchange, write, read);
    stages.push({ connector: nodeConnector, port: rabbit.port, vhost });
  }
  return stages;
}

/** The embedded broker, for so many lanes. */
export async function embeddedStages(
  lanes: number,
): Promise<{ readonly stages: readonly Stage[]; stop(): Promise<void> }> {
  const vhosts = Array.from({ length: lanes }, (_, lane) => vhostOf(lane));
  const broker = await startBroker({ vhosts });
  broker.addUser(limited, limited, { vhosts });
  for (const vhost of vhosts) {
    broker.setPermissions(limited, { vhost, ...limitedPatterns });
    const { exchange, write, read } = limitedTopics;
    broker.setTopicPermissions(limited, exchange, { vhost, write, read });
  }
  const letTimePass = (): Promise<void> => broker.advance(2);
  const stages = vhosts.map((vhost) => ({ connector: nodeConnector, port: broker.port, vhost, letTimePass }));
  return { stages, stop: () => broker.stop() };
}
