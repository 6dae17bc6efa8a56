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

/** RabbitMQ, for so many lanes. By its own functions, because each call of `rabbitmqctl` takes a second. */
export async function realStages(rabbit: Broker, lanes: number): Promise<Stage[]> {
  if (!(await rabbit.evaluate('rabbit_auth_backend_internal:list_users()')).includes(limited))
    await rabbit.addUser(limited, limited);
  const { configure, write, read } = limitedPatterns;
  const topic = limitedTopics;
  const stages: Stage[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    const vhost = vhostOf(lane);
    const permissions = (user: string, patterns: string): string =>
      `rabbit_auth_backend_internal:set_permissions(<<"${user}">>, <<"${vhost}">>, ${patterns}, <<"test">>)`;
    const mine = [configure, write, read].map(binary).join(', ');
    await rabbit.evaluate(
      [
        `rabbit_vhost:exists(<<"${vhost}">>) orelse rabbit_vhost:add(<<"${vhost}">>, <<"test">>)`,
        permissions('guest', '<<".*">>, <<".*">>, <<".*">>'),
        permissions(limited, mine),
        `rabbit_auth_backend_internal:set_topic_permissions(<<"${limited}">>, <<"${vhost}">>, ` +
          `${binary(topic.exchange)}, ${binary(topic.write)}, ${binary(topic.read)}, <<"test">>)`,
      ].join(', '),
    );
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

function binary(text: string): string {
  return `<<"${text.replaceAll('\\', '\\\\')}">>`;
}
