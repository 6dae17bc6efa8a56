/**
 * The states of a client, as a table: what is not in the table is a fault of ours. A test walks states × inputs.
 * Must not act: the lifecycle does.
 */

/**
 * `idle`: no connection. `connecting`: the first connection is being made. `connected`: operations can go out.
 * `recovering`: the connection is lost, and another one follows: operations wait for it. `closing`: the connection is on its
 * way out, closed by the caller or given up while connecting.
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'recovering' | 'closing';

/**
 * `connect`, `close`: the caller's calls. `giveUp`: the connect under way was given up, or the client cannot use the
 * connection. `opened`: a connection is open and everything is restored. `retry`: a host or a round failed, and another try
 * follows. `lost`: an open connection is gone, and another one follows. `ended`: the connection is gone and no other follows.
 */
export type ClientInput = 'connect' | 'close' | 'giveUp' | 'opened' | 'retry' | 'lost' | 'ended';

const table: Readonly<Record<ClientState, Readonly<Partial<Record<ClientInput, ClientState>>>>> = {
  idle: { connect: 'connecting', close: 'idle' },
  connecting: {
    connect: 'connecting',
    close: 'closing',
    giveUp: 'closing',
    opened: 'connected',
    retry: 'connecting',
    ended: 'idle',
  },
  connected: { connect: 'connected', close: 'closing', lost: 'recovering', ended: 'idle' },
  recovering: {
    connect: 'recovering',
    close: 'closing',
    giveUp: 'recovering',
    opened: 'connected',
    retry: 'recovering',
    ended: 'idle',
  },
  closing: { connect: 'closing', close: 'closing', ended: 'idle' },
};

/** @returns the state that follows; `undefined` if the input cannot come. */
export function nextClientState(state: ClientState, input: ClientInput): ClientState | undefined {
  return table[state][input];
}

/** Every state, for tests. */
export const clientStates: readonly ClientState[] = ['idle', 'connecting', 'connected', 'recovering', 'closing'];
