/** What lies between the clients and the broker: hosts, and lines that break at the clients' end alone. */
import { ConnectionBroken } from '@puka/errors';
import type { ConnectOptions, Transport, TransportConnector, TransportHandlers } from '@puka/transport';

const nobody = 'nobody';
/** The broker answers there. */
export const oneHost: readonly string[] = ['amqp://one'];
/** The broker answers at two of them, and nothing answers at the last. */
export const severalHosts: readonly string[] = ['amqp://one', 'amqp://two', `amqp://${nobody}`];

/** The network of one program. */
export class Network {
  readonly connector: TransportConnector;
  private readonly inner: TransportConnector;
  private readonly downHosts = new Set<string>();
  private isDeaf = false;
  /** Each breaks a line. */
  private readonly lines = new Set<() => void>();

  constructor(inner: TransportConnector) {
    this.inner = inner;
    const { runtime } = inner;
    this.connector = { runtime, connect: (options, handlers) => this.connect(options, handlers) };
  }

  /** A host takes no connections. */
  takeDown(host: 'one' | 'two'): void {
    this.downHosts.add(host);
  }

  /** All hosts answer, except the one that never did. */
  mend(): void {
    this.downHosts.clear();
  }

  /** Clients receive nothing of what is said to them from now on, until their lines break. */
  deafen(): void {
    this.isDeaf = true;
  }

  /** Lines break for the clients. What the broker hears of it is the business of others. */
  breakForClients(): void {
    this.isDeaf = false;
    for (const breakLine of [...this.lines]) breakLine();
  }

  private async connect(options: ConnectOptions, handlers: TransportHandlers): Promise<Transport> {
    if (options.host === nobody || this.downHosts.has(options.host)) {
      throw new ConnectionBroken(`${options.host} takes no connection`);
    }
    let isOver = false;
    let breakLine = (): void => {};
    const end = (error: ConnectionBroken | undefined): void => {
      if (isOver) return;
      isOver = true;
      this.lines.delete(breakLine);
      handlers.onClose(error);
    };
    const transport = await this.inner.connect(options, {
      onData: (bytes, isLast) => {
        if (!this.isDeaf) handlers.onData(bytes, isLast);
      },
      onReadable: () => handlers.onReadable(),
      onDrain: () => handlers.onDrain(),
      onEnd: () => handlers.onEnd(),
      onClose: end,
    });
    breakLine = () => {
      transport.close();
      end(new ConnectionBroken('the line is gone'));
    };
    if (!isOver) this.lines.add(breakLine);
    return transport;
  }
}
