/** A bare session over any `Duplex`: here a TCP socket, as well a TLS socket, a web socket's stream, a test's pipe. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Session } from '@puka/client/session';
import { conversation } from './conversation.ts';
import type { Program } from './program.ts';

export const sessionDuplex: Program = async (url, print) => {
  const { hostname, port, username, password, pathname } = new URL(url);
  const socket = connect(Number(port || 5672), hostname);
  const login = {
    username: decodeURIComponent(username || 'guest'),
    password: decodeURIComponent(password || 'guest'),
    vhost: decodeURIComponent(pathname.slice(1)) || '/',
  };
  await drive(conversation(print, login), socket);
};

/** Moves the bytes until either side ends. */
async function drive(session: Session, stream: Duplex): Promise<void> {
  const send = (): void => {
    for (const chunk of session.takeOutput(performance.now())) stream.write(chunk);
    if (session.state === 'closed') stream.end();
  };
  stream.on('data', (bytes: Uint8Array) => {
    session.receive(bytes, performance.now());
    send();
  });
  stream.on('end', () => session.receiveEof(performance.now()));
  // RabbitMQ resets the connection after its close-ok; on a session that is closed already this does nothing.
  stream.on('error', () => session.receiveEof(performance.now()));
  const clock = setInterval(() => {
    if (session.nextDeadline() <= performance.now()) session.handleTimeout(performance.now());
    send();
  }, 100);

  session.connect(performance.now());
  send();
  await new Promise((resolve) => stream.once('close', resolve));
  clearInterval(clock);
}
