/**
 * What is exchanged from the first byte until the connection is open, and what to call it when that fails: the first bytes,
 * the login, the tuning. Must not change the state of the connection: the session does, and asks here for bytes and words.
 */
import {
  AuthenticationFailed,
  CommandInvalid,
  ConnectionBroken,
  HandshakeTimeout,
  LimitExceeded,
  type PukaError,
  UnsupportedProtocol,
} from '@puka/errors';
import {
  ByteWriter,
  type ConnectionStart,
  type ConnectionTune,
  encodeConnectionOpen,
  encodeConnectionSecureOk,
  encodeConnectionStartOk,
  encodeConnectionTuneOk,
  encodeConnectionUpdateSecret,
  type FieldTable,
} from '@puka/wire';
import type { ConnectionState } from './connection-states.ts';
import { FirstBytesCheck } from './first-bytes.ts';
import { Login } from './login.ts';
import { type CompleteSessionOptions, loginOptions, type SessionOptions } from './options.ts';
import { sharedProperties } from './server-properties.ts';
import { type Tuned, tune } from './tuning.ts';

/** The handshake of one session. */
export class Handshake {
  /** How this side logs in. */
  readonly login: Login;
  /** What the broker reports of itself, once it has. */
  serverProperties: FieldTable = {};
  /** Whether bytes have gone out, so that there is a connection to the peer. */
  isConnected = false;
  private readonly writer: ByteWriter;
  private readonly options: CompleteSessionOptions;
  private readonly isEncrypted: boolean;
  private startOkBytes = 0;
  private firstBytes: FirstBytesCheck | undefined = new FirstBytesCheck();

  /** @throws {UsageError} if the options leave no way to log in. */
  constructor(options: SessionOptions, complete: CompleteSessionOptions, writer: ByteWriter) {
    this.login = new Login(loginOptions(options));
    this.options = complete;
    this.isEncrypted = options.isEncrypted ?? false;
    this.writer = writer;
  }

  /** @returns what goes on to the decoder; `undefined` while the peer is not identified. @throws {UnsupportedProtocol} */
  admit(bytes: Uint8Array): Uint8Array | undefined {
    if (this.firstBytes === undefined) return bytes;
    const admitted = this.firstBytes.receive(bytes);
    if (admitted !== undefined) this.firstBytes = undefined;
    return admitted;
  }

  /** Logs in. @throws {PukaError} if it cannot. */
  receiveStart(start: ConnectionStart): void {
    const { versionMajor, versionMinor, mechanisms } = start;
    if (versionMajor !== 0 || versionMinor !== 9) {
      throw new UnsupportedProtocol(`the broker speaks AMQP ${versionMajor}-${versionMinor}, not 0-9-1`);
    }
    this.serverProperties = sharedProperties(start.serverProperties);
    const { clientProperties } = this.options;
    const { mechanism, response } = this.login.start(mechanisms);
    const fields = { clientProperties, mechanism, response, locale: 'en_US' };
    const chunks = encoded((writer) => {
      writer.maxTableDepth = this.writer.maxTableDepth;
      encodeConnectionStartOk(writer, 0, fields);
    });
    this.startOkBytes = chunks.reduce((sum, { length }) => sum + length, 0);
    this.send(chunks);
  }

  /** Answers a challenge, at once if the mechanism can. @throws {PukaError} if there can be no answer. */
  receiveChallenge(challenge: Uint8Array): void {
    const answer = this.login.challenge(challenge);
    if (answer !== undefined) this.sendAnswer(answer);
  }

  /** Answers the challenge that is open. */
  sendAnswer(response: Uint8Array): void {
    this.login.answered();
    this.send(encoded((writer) => encodeConnectionSecureOk(writer, 0, { response })));
  }

  /** Answers the offer, and requests the virtual host in the same write. @throws {PukaError} for an offer out of place. */
  receiveTune(offer: ConnectionTune): Tuned {
    if (this.login.owesAnswer) {
      throw new CommandInvalid('connection.tune came before the answer to the login challenge', { blame: 'peer' });
    }
    this.login.end();
    const { channelMax, frameMax, heartbeat, vhost } = this.options;
    const tuned = tune({ channelMax, frameMax, heartbeat }, offer);
    encodeConnectionTuneOk(this.writer, 0, tuned);
    encodeConnectionOpen(this.writer, 0, { virtualHost: vhost });
    return tuned;
  }

  /** Sends a new secret on an open connection. */
  sendNewSecret(newSecret: string, reason: string): void {
    this.send(encoded((writer) => encodeConnectionUpdateSecret(writer, 0, { newSecret, reason })));
  }

  /** What to call it that the stream ended. @param cause the transport's error, if there is one. */
  streamEnded(state: ConnectionState, cause: PukaError | undefined): PukaError {
    // Before a byte was sent the cause is why the peer could not be reached.
    if (cause !== undefined && !this.isConnected) return cause;
    switch (state) {
      case 'idle':
      case 'awaitingStart':
        if (this.firstBytes === undefined) return brokenBy(cause, ' in the middle of its greeting');
        return this.firstBytes.end() ?? this.hungUp(cause);
      case 'awaitingTune':
        return this.droppedAfterLogin(cause);
      default:
        return brokenBy(cause, state === 'open' ? '' : ' during the handshake');
    }
  }

  /** What to call it that the time was over. */
  timedOut(state: ConnectionState): PukaError {
    // A peer that does not speak AMQP may send only a few octets, such as a TLS alert.
    const stranger = this.firstBytes?.end();
    if (stranger !== undefined) return stranger;
    return new HandshakeTimeout(
      `no connection within ${this.options.connectTimeoutMs} ms: ${this.whatIsAwaited(state)}`,
    );
  }

  private hungUp(cause: PukaError | undefined): PukaError {
    // Over TLS the transport knows better: the server may have wanted a certificate.
    if (this.isEncrypted && cause instanceof ConnectionBroken) return cause;
    const hint = this.isEncrypted ? '' : '; if the port speaks TLS only, use amqps://';
    return new ConnectionBroken(`the peer closed the connection without an answer to the AMQP 0-9-1 header${hint}`, {
      outcome: 'not-sent',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  private whatIsAwaited(state: ConnectionState): string {
    if (!this.isConnected) {
      const hint = this.isEncrypted
        ? ', or the TLS handshake got no answer; does the server speak TLS on this port?'
        : '';
      return `the broker could not be reached${hint}`;
    }
    if (state === 'awaitingOpenOk') return 'the broker did not open the virtual host';
    if (state === 'awaitingTune') {
      return this.login.owesAnswer
        ? 'the login mechanism of this client returned no answer to the challenge'
        : 'the broker did not answer the login';
    }
    if (this.firstBytes === undefined) return 'the broker did not finish its greeting';
    const hint = this.isEncrypted ? '' : '; if the port speaks TLS only, use amqps://';
    return `the peer accepted the connection and sent nothing${hint}`;
  }

  private send(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.writer.append(chunk);
  }

  /** RabbitMQ drops the connection if the client can't take authentication_failure_close, and so do old brokers. */
  private droppedAfterLogin(cause: PukaError | undefined): PukaError {
    const size = this.startOkBytes;
    const given = cause === undefined ? {} : { cause };
    const taken = loginBytesTaken(this.serverProperties);
    // One that was read would have been answered, by that capability.
    if (taken !== undefined && size > taken) {
      return new LimitExceeded(
        `RabbitMQ dropped the connection after a login of ${size} bytes; its initial_frame_max is ${taken - forgivenBytes} ` +
          'unless configured: raise it, or take a shorter token or fewer clientProperties',
        { scope: 'connection', method: 'connection.start-ok', outcome: 'refused', ...given },
      );
    }
    const other = size > oldFirstFrameBytes ? `, or its ${size} bytes are more than the broker takes of a login` : '';
    // The network can have done it too, so it may be tried again.
    return new AuthenticationFailed(
      `the broker dropped the connection after the login: probably wrong credentials${other}`,
      { retryable: true, outcome: 'unknown', ...given },
    );
  }
}

/** What holds a secret is encoded in bytes of its own, so that it does not stay in the chunk of the writer. */
function encoded(encode: (writer: ByteWriter) => void): readonly Uint8Array[] {
  const writer = new ByteWriter(1024);
  encode(writer);
  return writer.take();
}

/**
 * RabbitMQ: frames before tune are limited by initial_frame_max. It sends no error for a longer one: it waits three
 * seconds and drops the connection. These are the defaults before 4.1 and since.
 */
const oldFirstFrameBytes = 4096;
const newFirstFrameBytes = 8192;
/** What it forgives beyond that; measured on 3.10 and 4.3. */
const forgivenBytes = 8;

/** What the broker takes of a login unless it is configured otherwise; undefined for one that is not known. */
function loginBytesTaken({ product, version }: FieldTable): number | undefined {
  // A broker may send any value here, also one that is not a string.
  const [, major = '', minor = ''] = (typeof version === 'string' && /^(\d+)\.(\d+)/.exec(version)) || [];
  if (product !== 'RabbitMQ' || major === '') return undefined;
  const isNew = Number(major) > 4 || (Number(major) === 4 && Number(minor) >= 1);
  return (isNew ? newFirstFrameBytes : oldFirstFrameBytes) + forgivenBytes;
}

function brokenBy(cause: PukaError | undefined, when: string): PukaError {
  if (cause instanceof ConnectionBroken) return cause;
  return new ConnectionBroken(`the broker ended the connection${when}`, cause === undefined ? {} : { cause });
}
