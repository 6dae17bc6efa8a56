/** A session that logs in to a broker written by the test: what it sent, decoded whole. */
import type { PukaError } from '@puka/errors';
import { decodeMethod, FrameDecoder, type Method, type MethodInput } from '@puka/wire';
import { type ConnectionInfo, Session, type SessionOptions } from '../../src/session/index.ts';
import { frames, joined } from './harness.ts';

/** A session in its login, and the broker it speaks to. */
export class LoginScene {
  readonly session: Session;
  info: ConnectionInfo | undefined;
  outputs = 0;
  /** One entry for each call of `closed`. */
  readonly closed: (PukaError | undefined)[] = [];

  /** @param line whether the transport has connected. */
  constructor(options: Partial<SessionOptions> = {}, line: 'up' | 'down' = 'up') {
    this.session = new Session(
      { username: 'user', password: 'secret', ...options },
      {
        opened: (info) => {
          this.info = info;
        },
        blocked: () => {},
        unblocked: () => {},
        outputWaiting: () => {
          this.outputs++;
        },
        closed: (error) => this.closed.push(error),
      },
    );
    this.session.connect(0);
    if (line === 'up') this.session.takeOutput(0);
  }

  /** The broker speaks on channel 0. */
  say(...methods: readonly MethodInput[]): this {
    this.session.receive(frames(...methods.map((method) => [0, method] as const)), 0);
    return this;
  }

  /** The broker offers ways to log in. */
  offer(mechanisms: string): this {
    return this.say({ type: 'connection.start', serverProperties: {}, mechanisms, locales: 'en_US' });
  }

  /** The broker takes the login, and opens the virtual host. */
  accept(): this {
    return this.say(
      { type: 'connection.tune', channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
      { type: 'connection.open-ok' },
    );
  }

  /** The methods sent since the last look. */
  sent(): Method[] {
    const methods: Method[] = [];
    const decoder = new FrameDecoder({
      method: (_channel, bytes, start, end) => {
        methods.push(decodeMethod(bytes, start, end));
      },
      header: () => {},
      body: () => {},
      heartbeat: () => {},
    });
    decoder.push(joined(this.session.takeOutput(0)));
    return methods;
  }
}

/** Bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Text of bytes. */
export function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
