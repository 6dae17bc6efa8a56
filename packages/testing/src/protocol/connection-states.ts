/**
 * The state machine of a connection, as a table: what a client may do in which state. What is not in the table is an
 * error. Must not act: `server-connection.ts` does what a transition asks for.
 */

/**
 * The state of a connection, seen from the broker. The names are RabbitMQ's, because its refusals contain them. AMQP 0-9-1
 * §2.2.4. `closing`: our close awaits its close-ok; `closed`: the client's close has been answered; `silent`: something
 * went wrong before there was a connection to close, and RabbitMQ sends nothing for a while; `gone`: the transport is closed.
 */
export type ConnectionState =
  | 'header'
  | 'starting'
  | 'tuning'
  | 'opening'
  | 'running'
  | 'closing'
  | 'closed'
  | 'silent'
  | 'gone';

/** What moves a connection on. `channel` is any frame of another channel than 0. */
export type ConnectionInput =
  | 'header'
  | 'connection.start-ok'
  | 'connection.tune-ok'
  | 'connection.open'
  | 'connection.close'
  | 'connection.close-ok'
  | 'connection.update-secret'
  | 'channel'
  | 'refuse'
  | 'silence'
  | 'lost';

type Transitions = Readonly<Record<ConnectionState, Readonly<Partial<Record<ConnectionInput, ConnectionState>>>>>;

/** State, input, next state. */
export const connectionTransitions: Transitions = {
  header: { header: 'starting', silence: 'silent', lost: 'gone' },
  starting: { 'connection.start-ok': 'tuning', refuse: 'closing', silence: 'silent', lost: 'gone' },
  tuning: { 'connection.tune-ok': 'opening', silence: 'silent', lost: 'gone' },
  opening: { 'connection.open': 'running', refuse: 'closing', silence: 'silent', lost: 'gone' },
  running: {
    'connection.close': 'closed',
    'connection.update-secret': 'running',
    channel: 'running',
    refuse: 'closing',
    silence: 'silent',
    lost: 'gone',
  },
  // What comes besides is from before the client knew.
  closing: {
    'connection.close': 'closing',
    'connection.close-ok': 'gone',
    channel: 'closing',
    silence: 'silent',
    lost: 'gone',
  },
  closed: { 'connection.close': 'closed', 'connection.close-ok': 'gone', channel: 'closed', lost: 'gone' },
  silent: { lost: 'gone' },
  gone: {},
};

/** @returns the state that follows, or `undefined` if the input is not allowed in this state. */
export function nextConnectionState(state: ConnectionState, input: ConnectionInput): ConnectionState | undefined {
  return connectionTransitions[state][input];
}

const methodInputs: ReadonlyMap<string, ConnectionInput> = new Map(
  Object.values(connectionTransitions)
    .flatMap((inputs) => Object.keys(inputs))
    .filter((input) => input.startsWith('connection.'))
    .map((input) => [input, input as ConnectionInput]), // They are the keys of the table above.
);

/** The input that a method of the client is; `undefined` if it can come in no state. */
export function connectionInputOf(methodType: string): ConnectionInput | undefined {
  return methodInputs.get(methodType);
}
