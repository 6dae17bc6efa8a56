/**
 * The state machine of a connection, as a table: which method the broker may send on channel 0 in which state.
 * What is not in the table is a protocol error. Must not act: the session does what a transition asks for.
 */

/** The state of a connection, seen from the client. AMQP 0-9-1 §2.2.4. */
export type ConnectionState =
  | 'idle'
  | 'awaitingStart'
  | 'awaitingTune'
  | 'awaitingOpenOk'
  | 'open'
  | 'closing'
  | 'closed';

/** What moves a connection on: methods of the broker, and what the client or the network does. */
export type ConnectionInput =
  | 'connect'
  | 'connection.start'
  | 'connection.secure'
  | 'connection.tune'
  | 'connection.open-ok'
  | 'connection.blocked'
  | 'connection.unblocked'
  | 'connection.update-secret-ok'
  | 'connection.close'
  | 'connection.close-ok'
  | 'close'
  | 'lost';

type Transitions = Readonly<Record<ConnectionState, Readonly<Partial<Record<ConnectionInput, ConnectionState>>>>>;

/** State, input, next state. `connection.close` may come in place of any expected reply. */
export const connectionTransitions: Transitions = {
  idle: { connect: 'awaitingStart', close: 'closed', lost: 'closed' },
  awaitingStart: { 'connection.start': 'awaitingTune', 'connection.close': 'closed', close: 'closed', lost: 'closed' },
  awaitingTune: {
    'connection.secure': 'awaitingTune',
    'connection.tune': 'awaitingOpenOk',
    'connection.close': 'closed',
    close: 'closed',
    lost: 'closed',
  },
  awaitingOpenOk: { 'connection.open-ok': 'open', 'connection.close': 'closed', close: 'closing', lost: 'closed' },
  open: {
    'connection.blocked': 'open',
    'connection.unblocked': 'open',
    'connection.update-secret-ok': 'open',
    'connection.close': 'closed',
    close: 'closing',
    lost: 'closed',
  },
  // Crossing closes: theirs is answered and ours still awaits its close-ok.
  closing: {
    'connection.start': 'closing',
    'connection.tune': 'closing',
    'connection.open-ok': 'closing',
    'connection.blocked': 'closing',
    'connection.unblocked': 'closing',
    'connection.update-secret-ok': 'closing',
    'connection.close': 'closing',
    'connection.close-ok': 'closed',
    close: 'closing',
    lost: 'closed',
  },
  closed: { close: 'closed', lost: 'closed' },
};

/** The inputs that are methods of the broker. */
const methodInputs: ReadonlyMap<string, ConnectionInput> = new Map(
  Object.values(connectionTransitions)
    .flatMap((inputs) => Object.keys(inputs))
    .filter((input) => input.startsWith('connection.'))
    .map((input) => [input, input as ConnectionInput]), // They are the keys of the table above.
);

/** The input that a method of the broker is; `undefined` if it can come in no state. */
export function connectionInputOf(methodType: string): ConnectionInput | undefined {
  return methodInputs.get(methodType);
}

/** @returns the state that follows, or `undefined` if the input is not allowed in this state. */
export function nextConnectionState(state: ConnectionState, input: ConnectionInput): ConnectionState | undefined {
  return connectionTransitions[state][input];
}
