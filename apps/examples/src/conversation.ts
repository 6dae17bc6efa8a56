/**
 * A conversation with a broker on a bare session: one message published with its confirm, and got back. It neither reads nor
 * writes: who moves the bytes calls `session.receive` and `session.takeOutput`.
 */
import { type ChannelSink, Session, type SessionChannel } from '@puka/client/session';
import type { Print } from './program.ts';

/** Starts it. @param print prints what happens. @param login the user, the password and the virtual host. */
export function conversation(print: Print, login: { username: string; password: string; vhost: string }): Session {
  const session: Session = new Session(login, {
    opened: () => {
      print('open');
      talk(session, print);
    },
    blocked: (reason) => print(`blocked: ${reason}`),
    unblocked: () => print('unblocked'),
    outputWaiting: () => {},
    closed: (error) => print(error === undefined ? 'closed' : `closed: ${error.message}`),
  });
  return session;
}

function talk(session: Session, print: Print): void {
  const queue = 'examples.session';
  let channel: SessionChannel | undefined;
  const sink: ChannelSink = {
    confirmed: (tag, _multiple, ack) => {
      print(`publish ${tag} is ${ack ? 'confirmed' : 'refused'}`);
      channel?.request({ type: 'basic.get', queue, noAck: true }, (reply) => {
        if (reply !== undefined) print('the queue is empty');
        channel?.close();
      });
    },
    content: ({ bodyBytes, bodyStart, bodyEnd }) => {
      print(`got: ${new TextDecoder().decode(bodyBytes.subarray(bodyStart, bodyEnd))}`);
      // It came with noAck: there is nothing to settle.
      return false;
    },
    consumerCancelled: () => {},
    closed: (error) => {
      print(error === undefined ? 'channel closed' : `channel closed: ${error.message}`);
      session.close(performance.now());
    },
  };
  // Nothing has to be waited for: a channel takes requests while it is still opening.
  channel = session.openChannel(sink, () => {});
  channel?.selectConfirms(() => {});
  channel?.request({ type: 'queue.declare', queue, exclusive: true }, (_reply, error) => {
    if (error !== undefined) return;
    const body = new TextEncoder().encode('by my own bytes');
    channel?.publish({ exchange: '', routingKey: queue, mandatory: false, properties: {}, body });
  });
}
