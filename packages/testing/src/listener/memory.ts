/** Lines within the process, by the memory transport of `@puka/transport`. Must not know frames. */
import type { TransportConnector } from '@puka/transport';
import { type MemoryTransport, memoryConnector } from '@puka/transport/memory';
import type { AcceptLine, Line, LineSink } from './line.ts';

/**
 * Returns a connector whose connections all lead to the broker.
 *
 * @param newName a name that no connection of the broker has, such as `memory 1`.
 * @param splitBytes no piece is longer than that.
 */
export function memoryLines(accept: AcceptLine, newName: () => string, splitBytes?: number): TransportConnector {
  return memoryConnector(
    (transport) => {
      const sink: LineSink = accept(new MemoryLine(transport, newName()));
      return {
        onData: (bytes) => sink.received(bytes),
        onReadable: () => {},
        onDrain: () => sink.drained(),
        onEnd: () => sink.ended(),
        onClose: () => sink.ended(),
      };
    },
    splitBytes === undefined ? {} : { splitBytes },
  );
}

class MemoryLine implements Line {
  readonly name: string;
  private readonly transport: MemoryTransport;

  constructor(transport: MemoryTransport, name: string) {
    this.transport = transport;
    this.name = name;
  }

  get bufferedBytes(): number {
    return this.transport.bufferedBytes;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.transport.write(chunks);
  }

  end(): void {
    this.transport.end();
  }

  reset(): void {
    this.transport.reset();
  }
}
