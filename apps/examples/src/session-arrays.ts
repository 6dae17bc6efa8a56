/**
 * A bare session over a pair of arrays: whatever lies between, a session sees bytes and times alone. Here the far ends of the
 * arrays are in the hands of a broker in the same process.
 */
import type { Session } from '@puka/client/session';
import { startBroker } from '@puka/testing';
import { conversation } from './conversation.ts';
import type { Print } from './program.ts';

/** Runs the conversation. @returns how many bytes went out and came in. */
export async function sessionArrays(print: Print): Promise<{ sent: number; received: number }> {
  await using broker = await startBroker({ listen: false });
  const toBroker: Uint8Array[] = [];
  const fromBroker: Uint8Array[] = [];
  let arrived = (): void => {};
  const line = await broker.transport().connect(
    { host: 'in memory', port: 5672 },
    {
      onData: (bytes) => {
        fromBroker.push(bytes.slice());
        arrived();
      },
      onReadable: () => {},
      onDrain: () => {},
      onEnd: () => arrived(),
      onClose: () => arrived(),
    },
  );

  const session: Session = conversation(print, { username: 'guest', password: 'guest', vhost: '/' });
  let sent = 0;
  let received = 0;
  session.connect(performance.now());
  for (;;) {
    toBroker.push(...session.takeOutput(performance.now()));
    if (session.state === 'closed' && toBroker.length === 0) break;
    const more = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    sent += total(toBroker);
    line.write(toBroker.splice(0));
    if (fromBroker.length === 0) await more;
    received += total(fromBroker);
    for (const bytes of fromBroker.splice(0)) session.receive(bytes, performance.now());
  }
  line.close();
  return { sent, received };
}

function total(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
