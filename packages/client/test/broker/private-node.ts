/**
 * A RabbitMQ node for a file of tests that disturbs its broker, or needs settings of its own. Where one process runs several
 * such files, as in the conformance suite, they have one node after the other: a start costs some seconds of processor time.
 * Holds no test.
 */
import { type Broker, type LaunchOptions, launchBroker, waitFor } from '@puka/testkit';

/** The largest body that a private node takes. */
export const maxMessageBytes = 65_536;

/** What can be set while a node runs, for the connections to come; RabbitMQ's defaults. */
const defaultLimits = { channel_max: 2047, frame_max: 131_072, heartbeat: 60 };

/** What a file wants of its node. */
export interface PrivateNodeOptions {
  /** Other limits than RabbitMQ's defaults. */
  readonly limits?: Partial<typeof defaultLimits>;
  /** Files with the same have the same node. */
  readonly launch?: Omit<LaunchOptions, 'config'> & { readonly config?: Readonly<Record<string, number>> };
}

/** A consumer that does not acknowledge for long is given up. */
export const shortConsumerTimeout: PrivateNodeOptions = {
  launch: {
    // Long enough for those that do acknowledge, however busy the machine is.
    config: { consumer_timeout: 3000 },
    // RabbitMQ looks once a minute.
    env: { RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-rabbit channel_tick_interval 100' },
  },
};

/** A node that one file after the other has to itself. */
export interface PrivateNode {
  /** To be called before the tests. Users and queues of other files may be there; their connections and limits are not. */
  take(): Promise<Broker>;
  /** To be called after the tests. After those of the last file it stops the node. */
  giveBack(): Promise<void>;
}

interface SharedNode {
  /** Files that have not given it back. */
  files: number;
  broker: Promise<Broker> | undefined;
}

const nodes = new Map<string, SharedNode>();

/** To be called outside of tests, so that it is known how many files are still to come. */
export function privateNode({ limits = {}, launch = {} }: PrivateNodeOptions = {}): PrivateNode {
  const key = JSON.stringify(launch);
  const node: SharedNode = nodes.get(key) ?? { files: 0, broker: undefined };
  nodes.set(key, node);
  node.files++;
  return {
    async take() {
      if (node.broker === undefined) {
        const config = { max_message_size: maxMessageBytes, ...launch.config, ...limits };
        node.broker = launchBroker({ ...launch, config });
        return node.broker;
      }
      const broker = await node.broker;
      await clean(broker, { ...defaultLimits, ...limits });
      return broker;
    },
    async giveBack() {
      node.files--;
      if (node.files > 0) return;
      nodes.delete(key);
      await (await node.broker)?.stop();
    },
  };
}

async function clean(broker: Broker, limits: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(limits)) {
    await broker.evaluate(`application:set_env(rabbit, ${name}, ${value})`);
  }
  await broker.closeAllConnections();
  await waitFor(async () => (await broker.evaluate('length(rabbit_networking:connections())')) === '0');
}
